"""What makes a trouble press or ease, in words: the lexicon of urgency, second part.

How it is written: `app.core.phrases`. The languages stand in the order of the first part.
"""

from __future__ import annotations

from typing import Final

# Haste: now, and words that ask for speed.
TIME: Final = """
right now, at this moment, as we speak, as i write, immediately, at once, asap, urgent
urgently, quickly, hurry, today, this minute, happening now, just now, hours on hold
# hours waiting
# minutes ago, # min ago, minutes ago, running out, any minute, time is running, still going
spreading
dringend, sofort, umgehend, heute, gerade eben, so schnell wie möglich, eilt
immédiatement, urgent, tout de suite, aujourd'hui, en ce moment, au plus vite, dès que possible
ahora mismo, urgente, inmediatamente, hoy, cuanto antes, en este momento
subito, adesso, urgente, immediatamente, oggi, al più presto, in questo momento
agora, urgente, imediatamente, hoje, o mais rápido, neste momento
"""

# A date within about a day, after which it is too late.
DEADLINE: Final = """
tonight, tomorrow, this evening, this afternoon, midnight, in # min*, in # hour*, in an hour
in half an hour, within the hour, in a few hours, # hours left, # minutes left, # min left
have # minutes
for # hours, by # pm, by # am, by noon, by tonight, by # o'clock, until # pm, before # pm
ends today, due today
closes today, expires today, closes at, ends at, starts at, starts in, starts in # min*
begins at, last day
deadline, deadline is, last call, last chance to, final boarding, boarding, at the gate, departs
departure in
flight at # , flight # am, leaves in, leave in # hours, last dose, last train
last bus, last boat
end on, next feed, due tomorrow, ends tomorrow, at seven tomorrow, work at #, runs out
heute abend, heute nacht, heute noch, bis morgen, ist morgen, schon morgen, morgen früh
morgen um, endet morgen, bis # uhr, in # stunde*, in # minute*, läuft .. ab, frist, mitternacht
ce soir, demain, cette nuit, avant # h, dans # heure*, dans # minute*, dans une heure, minuit
date limite
esta noche, esta tarde, mañana, en # hora*, en # minuto*, en una hora, antes de las #, medianoche
plazo
stasera, stanotte, domani, entro #, entro oggi, entro stasera, tra # ore, fra # ore, tra un'ora
scadenza, scade
esta noite, amanhã, em # hora*, daqui a # hora*, até às #, hoje à noite, meia noite, prazo
"""

# A date within days on which something depends.
DATE: Final = """
by monday, by tuesday, by wednesday, by thursday, by friday, by saturday, by sunday, until monday
until tuesday, until wednesday, until thursday, until friday, until saturday, until sunday
by the #, before the #, no later than, in time for, at the latest, by next week, in # days
within # days, # days left
before we leave, before my, before our, before i pack, next week otherwise, closes next, due in a
due in #, from that day
bis montag, bis dienstag, bis mittwoch, bis donnerstag, bis freitag, bis zum #, spätestens
in # tagen
avant le #, d'ici, au plus tard, avant lundi, avant vendredi, dans # jours
antes del #, a más tardar, en # días, antes del lunes, antes del viernes
entro il #, entro lunedì, entro venerdì, al più tardi, fra # giorni, tra # giorni
até o dia #, até dia #, até segunda, até sexta, no máximo até, daqui a # dias
"""

# Asked before, and still open.
REPEAT: Final = """
second time, third time, fourth time, fifth time, # th time, # nd time, # rd time, third mail
third call, third message
third incident, again and again, once again, yet again, down again, out again, still no
still not, still hasn't
still haven't, still isn't, still waiting, still nothing, asked .. already, asked .. before
asked .. twice, asked this
asked your, already asked, already wrote, already called, already told, i've asked, i asked
i wrote, we wrote, wrote last
called twice, called yesterday, as i said, as mentioned, reminder*, no reply, no answer
never answered
nobody came back, no one came back, nobody called back, no one has rung, nobody answers
yet to hear, haven't heard
heard nothing, heard back, weeks ago, # weeks now, # days now, day #, week #, every time
every day, for weeks, for months
since # days, ticket #, chasing
zum zweiten mal, zum dritten mal, zum vierten mal, schon wieder, immer noch, noch immer
wieder keine, bereits geschrieben
bereits angerufen, keine antwort, seit wochen, seit tagen, mehrfach, erneut
troisième fois, deuxième fois, encore une fois, toujours pas, toujours rien, sans réponse
déjà écrit, déjà appelé
dernière relance, depuis des semaines
tercera vez, segunda vez, otra vez, todavía no, sigo sin, aún no, sin respuesta, ya escribí
ya llamé, desde hace semanas
terza volta, seconda volta, ancora una volta, ancora non, di nuovo, nessuna risposta, già scritto
da settimane
terceira vez, segunda vez, outra vez, ainda não, continua, sem resposta, já escrevi, já liguei
há semanas
"""

# Somebody who can help themselves less than others.
VULNERABLE: Final = """
baby, newborn, infant, toddler*, my kid, my kids, two kids, kids, child, children, daughter
son is, my son, pregnant
elderly, grandma, grandad, grandfather, grandmother, my gran, old man, old lady, old woman
care home, nursing home
wheelchair*, disabled, blind, deaf, on my own, on her own, on his own, alone, lives alone
home alone, im #, i'm sixteen
my mother is, my mum is, my dad is, patient, patients, school, nursery, pupils, primary, diabetic
epilep*, cancer
kinder, säugling, neugeboren*, schwanger, alter herr, alte dame, oma, opa, pflege*, rollstuhl
allein, blind
bébé, enfant*, ma fille, mon fils, enceinte, âgé*, fauteuil roulant, toute seule, tout seul
grand mère, école
bebé, niñ*, mi hija, mi hijo, embarazada, abuel*, silla de ruedas, anciano, anciana
bambin*, neonat*, mia figlia, mio figlio, incinta, anzian*, nonn*, sedia a rotelle, da sola, da solo
bebé, bebê, criança*, minha filha, meu filho, grávida, idos*, avó, avô, cadeira de rodas, sozinh*
"""

# Somebody waits for an answer, or wishes for something; beside the marks of `app.core.evidence`.
ASK: Final = """
i wonder, wondering, does the, does your, do u, do you, is there, are there, quick question
quick one, can i, could i, in case
how can, how could, what do i, what can i, any idea, anyone know, anybody know, would be great
would be nice, would be perfect, would be lovely
would be handy, i wish, i'd love
would love, i'd be glad, be glad of, please, pls, plz, can you, could you, can u, can we
could we, let me know, let us know
tell me, i'd like, i would like, we would like, we'd like, looking for, need to, i need, we need
want my, i want, kindly
who pays, i expect, get back to me, call me, ring me, which, what are, how do, how long, where do
when will
bitte, bitten, könnt, können sie, ich möchte, wir möchten, ich hätte gern*, schön wäre
was kostet, wo finde, wollte nur wissen, wann, habt ihr, gibt es
merci de, pouvez vous, pourriez vous, pourriez, pouvez, je voudrais, j'aimerais, est ce que
il faudrait, une suggestion
por favor, podría*, quisiera, quiero, solicito, ojalá, necesito, dónde, cuánto, cuándo, se puede
per favore, vorrei, potete, potreste, devo, avete, fate, peccato, si può
por favor, gostaria, quero, podiam, podem, preciso, como, vocês
"""

# Says itself that it can wait.
CALM: Final = """
no rush, no hurry, not in a hurry, not urgent, isn't urgent, nothing urgent, no emergency
not an emergency
isn't an emergency, no deadline, no pressing, no worries, no need to reply, no reply needed
no reply necessary
nothing you need to do, whenever you, whenever suits, when you have time, when you get a chance
when somebody has a minute
any time, take your time, some time this month, at your convenience, not important
nothing important, end of the world
just wondering, only wondering, just curious, just saying, just a thought, no big deal
fine otherwise, minor, only asking
only want to know, in spring, next year, in summer, next summer, next autumn, we have stock until
no harm done
don't want a reply, just kidding, only kidding
keine eile, eilt nicht, nicht dringend, kein notfall, nicht eilig, wollte nur wissen
bei gelegenheit, in ruhe
pas pressé*, pas urgent, rien d'urgent, quand vous pourrez, quand vous aurez, sans urgence
prenez votre temps
sin prisa, no es urgente, no corre prisa, cuando puedan, cuando podáis, nada urgente
senza fretta, non è urgente, con calma, nessuna fretta, quando potete, niente di urgente
sem pressa, não é urgente, quando puderem, nada urgente, com calma
"""

# The matter is closed: nobody waits.
CLOSED: Final = """
thank you for, thanks for, many thanks, just thank, solved, sorted now, all sorted, fixed it
works now, works again, is fixed
they fixed, no complaints, well done, keep it up, cheers, would go again, highly recommend
great job
danke für, erledigt, gelöst, vielen dank für, funktioniert wieder, klappt wieder
merci pour, résolu, c'est réglé, ça marche, rien à redire, bravo
gracias por, mil gracias, muchas gracias, resuelto, ya funciona, solucionado, enhorabuena
grazie per, risolto, tutto a posto, ora funziona, complimenti, che bravi
obrigad* por, resolvido, já funciona, tudo certo, parabéns
"""

# Sold to us, not asked of us.
ADVERT: Final = """
backlinks, rank your website, your website, free audit, seo, number one in, we offer
our catalogue, leading provider, click here
double your, guaranteed, investment opportunity, beneficiary, lottery
you have been selected, you have won, follow back
mixtape, replica*, hot deals, work from home, earn money, make money, get rich, crypto, coins
link in bio, limited offer
schnell reich, gratis sichern, geld verdienen, link in bio
gagnez, argent facile, prêt rapide
gana dinero, dinero ya, desde casa, préstamo rápido
guadagna, soldi facili, prestito veloce
ganhe dinheiro, renda extra, empréstimo na hora
"""
