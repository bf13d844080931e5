"""Troubles, in words: the lexicon of urgency, first part. How it is written: `app.core.phrases`.

English first, then German, French, Spanish, Italian and Portuguese. A family holds what has one
meaning for whoever answers; its weight stands in `app.core.urgency`.
"""

from __future__ import annotations

from typing import Final

# Somebody's life, body or safety.
SAFETY: Final = """
emergency, emergencies, injur*, bleeding, vomiting blood, blood in, unconscious, ambulance
in danger, dangerous
threaten*, threat, unsafe, smoke, smoking, sparks, sparking, on fire, caught fire, a fire, in flames
burning smell, smell* .. burn*, smells burnt, smell* .. gas, gas leak, leaking gas, explod*
explos*, glowing
is .. burning, are burning, burning hot, burnt my, burned my, burn my, burned her, burned his
electric shock, live wire, electrocut*, can't breathe, cannot breathe, breathe, breathing, choking
choked, chok* on, suffocat*, swallowed, poison*, overdos*, collapsed, passed out, fainted
fainting, vomiting
throwing up, swollen, swelling, allergic, allerg* reaction, anaphyla*, rash, seizure, stroke
heart attack, chest pain, not breathing, isn't breathing, isn't moving, not moving, is .. shaking
im shaking, i'm shaking, blue lips, concussion, defibrillator, suicid*, kill myself, end my life
want to die, don't want to live, self harm, hurt myself, hurt herself, hurt himself, got hurt
stalk*, followed me, followed her, following me, assault*, attacked, attack me, weapon, violent
break in, broke into, intruder, locked in, trapped, stuck in .. lift, stuck in .. elevator
brakes .. fail*, brakes don't, brakes went, brake fail*, no brakes, carbon monoxide, toxic, asbestos
contaminat*, glass in, splinter*, pieces of glass, salmonella, burst into flames, an accident
drown*, leaning, scaffold*, unstable, missing child, child is missing, may collapse
coughing, burning eyes, recall .. batch, hazard*, insulin, epipen, oxygen, ventilator, dialysis
seizures, intensive care, operating theatre, open .. table
notfall, verletz*, gefahr, brennt, rauch, raucht, qualmt, riecht .. gas, gasgeruch, nach gas, blutet
bewusstlos, krankenwagen, notarzt, atmet, atemnot, vergift*, verschluckt, gestürzt, umbringen
suizid, bedroht, überfallen, insulin, sauerstoff, unfall, explod*, explos*, feuer, stromschlag
urgences, bless*, en danger, fumée, feu, incendie, odeur .. gaz, saigne, inconscient*, respire*
empoisonn*, avalé, ambulance*, suicid*, menac*, agress*, insuline, étouff*, un accident
emergencia*, herid*, peligro, humo, fuego, incendio, huele .. gas, sangra*, inconsciente, respira*
intoxica*, tragado, ambulancia, amenaz*, insulina, accidente, ahog*, hinchad*
emergenza, ferit*, pericol*, fumo, fuoco, fiamme, odore .. gas, sanguina, incosciente, respira
avvelenat*, ingerito, ambulanza, minaccia*, soffoca*, incidente, freni
emergência, ferid*, perigo, fumaça, fogo, cheiro .. gás, sangra*, inconsciente, respirar
engoliu, ambulância, ameaç*, inchad*, acidente, sufoc*
"""

# Money or an account in the hands of somebody else, or much of it about to be lost.
MONEY: Final = """
fraud, fraudulent, scam, scammed, scammer*, stolen, stole, theft, hacked, hijacked, phish*
unauthorised, unauthorized, false .. account, fake .. account, wrong account, recall .. payment
stop .. payment
stop .. transfer, someone .. my account, somebody .. my account, emptying, draining, drained
typed .. pin, gave .. pin, my pin, gave .. password, identity theft, skimm*, ransom*, extort*
breached, data leak, leaked, other people data, someone else, somebody else, lost everything
didn't make .. payment, did not make, never made this, i never ordered, sim swap, margin call
betrug, betrüger, gestohlen, geklaut, gehackt, phishing, unberechtigt, jemand .. von meinem konto
fraude, volé, volée, piraté, arnaqu*, hameçonnage, usurp*, escroqu*
fraude, estafa*, robad*, robaron, hackead*, suplant*
frode, truffa, truffato, truffata, rubat*, hackerat*, clonat*, non ho fatto
fraude, golpe, roubad*, roubaram, hackead*, clonad*, burla
"""

LEGAL: Final = """
lawyer, lawyers, attorney, solicitor, sue you, will sue, going to sue, suing, lawsuit, legal action
legal steps, court, tribunal, ombudsman, regulator, supervisory authority, data protection authority
bailiff*, small claims, file* .. claim, last letter, final notice, breach of contract
consumer protection, trading standards, eviction, evict*
anwalt, anwältin, rechtsanwalt, klage, verklag*, gericht, schlichtung*, verbraucherzentrale
mahnbescheid
avocat*, tribunal, porter plainte, mise en demeure, huissier, médiateur
abogad*, demanda, denunci*, juzgado, tribunal*
avvocat*, denunci*, tribunale, querela, causa legale, diffida
advogad*, processar, tribunal*, processo judicial, reclamações
"""

CHURN: Final = """
i cancel, to cancel, cancel the contract, thinking of leaving, cancel my account
cancel my contract, cancel my plan, cancelling my, canceling my
cancel everything
close my account, switching to, switch to another, moving to another, leaving you, leave you
your competitor, a competitor, going elsewhere, take my business, never again, last time i
lost a customer, losing a customer, we extend, not renew, won't renew, end my contract
kündig*, wechsle, wechseln zu, konkurrenz
résili*, changer d'opérateur, concurrence
dar de baja, darme de baja, me doy de baja, me cambio, la competencia
disdett*, disdire, passo a, concorrenza
rescindir, cancelar o contrato, mudar de operadora, concorrência
"""

# What somebody cannot do without: warmth, water, power, shelter, medicine, pay, travel, a right.
NEED: Final = """
no heat*, without heat*, heating .. off, heating .. broken, boiler dead, boiler .. dead
boiler .. broken
freezing, no hot water, no water, without water, no power, without power, no electricity
power .. cut, cut off, cutting .. off, disconnect*, no signal, whole street, stranded, stuck
no way home
get home, locked out, can't get in, can't log in .. work, homeless, no hotel, no room, nowhere to
no beds
medicine*, medication, prescription, my tablets, last tablet, heart tablets, tablets end, inhaler
fridge .. insulin, wheelchair .. broken
lift .. out, lift .. broken, elevator .. out, surgery, operation, treatment, passport, visa
permit, residence
boarding pass, my flight, our flight, flight .. cancel*, missed my, miss my, miss our, no booking
salary, wages, payroll, pension, my rent, the rent, rent is due, mortgage, notary
benefit payment, no money, can't pay .. rent, no cash
don't have .. money, # euro left, funeral, burial, wedding, exam, interview, qualifier, enrolment
baby food
formula .. last, everything down, all down, is down, are down, system .. down, site .. down, outage
production line, line .. stopped, we lose, losing money, losing orders, orders lost
customers see, can't operate, till .. down
perishable*, spoil*, thaw*, cold chain, flood*, dripping, water .. through .. ceiling, burst pipe
leak* .. ceiling
data .. delete*, erase*, photos .. gone, debt collect*, livestock, ventilation, doesn't lock
won't lock
keine heizung, heizung .. kalt, kein wasser, kein strom, strom .. abgestellt, kein warmwasser
ausgesperrt, gestrandet
medikament*, rezept, gehalt, lohn, miete, rente, reisepass, visum, prüfung, hochzeit, beerdigung
mein flug, hausnotruf
pas de chauffage, plus de chauffage, sans chauffage, pas d'eau, plus d'eau, sans électricité
coupure, médicament*
ordonnance, salaire, loyer, passeport, mariage, enterrement, examen, mon vol, mon billet, bloqué*
opération
sin calefacción, sin agua, sin luz, corte de, medicamento*, receta, sueldo, salario, nómina
alquiler, pasaporte
boda, funeral, examen, mi vuelo, tirado, tirada, cirugía, bloquead*, tarjeta .. bloquead*
pagar el hotel
senza riscaldamento, senza acqua, senza corrente, medicin*, farmaci, ricetta, stipendio, affitto
passaporto
matrimonio, funerale, esame, mio volo, bloccat*, asilo, intervento
sem aquecimento, sem água, sem luz, medicamento*, receita, salário, ordenado, renda, passaporte
casamento, funeral
exame, o voo, meu voo, bloquead*, cirurgia
"""

# Something that was bought or promised does not work, is wrong, late or missing.
FAULT: Final = """
broken, broke, breaks, breaking down, defect*, faulty, damaged, cracked, torn, scratched, leaks
leaking
doesn't work, does not work, not working, isn't working, won't work, stopped working, no longer
won't open, won't start
won't turn on, don't open, doesn't open, doesn't load, won't load, can't open, can't log in
can't see, error, errors
crash, crashes, crashed, crashing, frozen, freezes, logs me out, failed, fails, failing, failure
fault, out of order
down again, is down, outage, dead, died after, sticks, died, gone, vanished, disappeared, missing
lost my, lost our
never arrived, never came, not arrived, hasn't arrived, haven't received, not received
didn't arrive, didn't come
did not come, hasn't come, hasn't reached, not delivered, late, delay, delayed, days late, overdue
wrong, wrong size, wrong item, instead of, replaced .. with, mistake, charged twice
charged .. twice, overcharged
double charge*, keep charging, still charging, refund, money back, deposit, rude
dirty, mould, hair in, cold showers, cancelled, canceled, cancels, without notice, no show
didn't show, nobody came
never called, promised, warning light, stopped, running for, came off, fell off, slow, useless
worst, unacceptable
disappointed, disgusting, ripped off, pay more, price rise, misleading, complaint, complain
banned, blocked, locked
replacement, the difference, has vanished, doesn't scan, can't pay, who pays, on hold, no answer
nobody answers
kaputt, defekt, funktioniert nicht, geht nicht, fehler, fehlt, fehlen, falsch, falsche*, statt
zerbrochen, gebrochen
verspätet, verspätung, nicht angekommen, nie angekommen, kommt nicht, beschwerde, rücküberweisung
erstattung
abgebucht, doppelt, gesperrt, ausgefallen, ausfall, klemmt, enttäuscht, keine bestätigung
wieder .. minuten
cassé*, en panne, panne, ne marche pas, ne marche plus, ne fonctionne, ne s'ouvre, erreur
rembours*, pas reçu, rien reçu
toujours pas, manque, en retard, retard, abîmé*, défectueux, facturé, prélevé, disparu
plus d'internet, déçu*
roto, rota, rotos, rotas, averiad*, avería, no funciona, se apaga, error, devoluci*, reembols*
no ha llegado, no llega, falta
retraso, equivocad*, cobraron, cobrado, dañad*, mal estado, perdid*, desapareci*, reparen
sin el paquete, decepcion*
rotto, rotta, guast*, non funziona, errore, rimbors*, non è arrivat*, mai arrivat*, ritardo
sbagliat*, errat*, addebit*
danneggiat*, manca, spento, il triplo, il doppio, non rispond*, delus*
avari*, partiu, não funciona, erro, reembols*, não chegou, não recebi, atras*, errad*, cobrad*
danificad*, falta
trocar, presa, preso, não existe, sem televisão, sem internet, desilud*
"""
