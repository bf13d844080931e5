"""Whose a mention is, in words: the lexicon of pillars. How it is written: `app.core.phrases`.

English first, then German, French, Spanish, Italian and Portuguese.
"""

from __future__ import annotations

from typing import Final

# Help with what somebody has, uses or was promised (A3.5).
SERVICE: Final = """
invoice, bill, refund*, my account, my order, my contract, my card, my booking, my ticket
my parcel, my subscription
my delivery, delivery, delivered, appointment, technician, password, portal, login, log in
receipt, warranty, return label
how do i, how does, how long, where do i, where can i find, can i change, change my, change the
cancel my, move it to
pick up, pickup, opening hours, are you open, lost property, customer service, hotline
the app, my phone, statement
meter, booked, booking, which battery, battery, manual, settings, setup, set up, install*
repair*, replac*, broken
check in, check up, slot, reservation, window seat, address, deposit, tenant, membership, wifi
cloakroom, documents, papers
rechnung, vertrag, konto, bestellung, lieferung, termin, techniker, portal, adresse, passwort
kundendienst, geöffnet
facture, contrat, compte, commande, livraison, livré, rendez vous, technicien, adresse, ouverts
ouvert, billet, colis
factura, contrato, cuenta, pedido, entrega, cita, técnico, dirección, abren, abierto, devolución
paquete, cuota
fattura, bolletta, contratto, conto, ordine, consegna, appuntamento, tecnico, indirizzo, aperti
pacco
fatura, contrato, conta, encomenda, entrega, consulta, técnico, morada, endereço, abertos
"""

# A price, a purchase, an offer (A3.5).
SALES: Final = """
price, prices, price list, pricing, quote, quotation, how much, cost, costs, discount, deal
offer, voucher, gift card, coupon
buy, to buy, purchase, order .. units, place .. order, do you sell, you sell, do you ship
ships to, ship to, in stock, back in stock
available in, wholesale, bulk, demo, trial, upgrade, cheaper, which plan, plans
compare, comparing, versus, vs
lease, leasing, trade in, finance, tender, sales, salesman, interested in
looking for, thinking about, any good
take my money, ready to pay, sim only, student discount, per night
per kwh
was kostet, kosten, preis, preise, angebot, rabatt, gutschein, kaufen, bestellen, lieferbar
ausschreibung, geschäftskunden*
devis, prix, combien, acheter, remise, bon cadeau, tarif, tarifs, offre, en stock
precio, precios, cuánto cuesta, cuanto cuesta, presupuesto, comprar, descuento, oferta, envían
preventivo, prezzo, prezzi, quanto costa, comprare, sconto, offerta, disponibile
preço, preços, quanto custa, orçamento, comprar, desconto, oferta, enviam
"""

# Talk about the brand, its campaigns, the press, partners (A3.7).
MARKETING: Final = """
ad, ads, advert, adverts, advertis*, campaign*, billboard*, poster*, jingle, commercial
commercials, spot, slogan, logo, packaging
brand, branding, sponsor*, press, journalist, newspaper, newsletter, giveaway*
contest, raffle, influencer
collab, collaboration, creator, followers, event, open day, fair, keynote, launch party
trade paper, magazine, hashtag, boycott
sustainab*, reputation, unpopular opinion, favourite brand, meme, shoutout
stores, vibe, mascot
thread, readers, influencers, tv spot
werbung, kampagne, plakat*, werbespot, marke, gewinnspiel, presse, sponsor*
pub, publicité, campagne, affiche*, marque, concours, presse
anuncio*, campaña, publicidad, marca, sorteo, prensa
pubblicità, campagna, manifesto, marchio, concorso, stampa
anúncio*, campanha, publicidade, marca, passatempo, imprensa
"""

# An idea or a wish for what is made (A3.6: what many say between the lines).
INNOVATION: Final = """
idea, ideas, suggestion*, suggest*, feature request, feature, features, roadmap, wish, wishes
wishlist, would be great if
would be nice if, would be handy, would be perfect, would make it perfect, would be cool
would love to see, could you add
please add, please make, please bring, bring back, should add, should have .. option
you should make, could learn, let us
dark mode, offline mode, beta, prototype, invent*, i've drawn, hack, diy, improvement
improve .. by, voting for
votes for, upvote, ever be a, will there .. be a
version without, version with

idee, ideen, vorschlag, wunsch, schön wäre, wünsche mir, funktion, exportfunktion, fehlt noch
idée, idées, suggestion*, il faudrait, fonction, ce serait bien, un mode
idea, sugerencia, ojalá, sería genial, función, estaría bien
idea, suggerimento, sarebbe bello, peccato non, funzione, sarebbe utile
ideia, sugestão, podiam, seria bom, função, uma versão
"""
