"""The words of the lexicon, our own lists. `*` stands for any ending; each counts once a place."""

from __future__ import annotations

from typing import Final

GOOD: Final = {
    "en": (
        "good great best better love* like liked lovely excellent amazing awesome wonderful "
        "fantastic brilliant perfect* happy glad pleased delight* enjoy* thanks thank "
        "thankful grateful appreciat* helpful friendly kind fast quick* easy smooth* "
        "comfortable beautiful nice fun funny cool excited exciting win wins winner winning "
        "won superb impress* recommend* reliable polite courteous outstanding favorite "
        "favourite yay congrats congratulations proud smile* sweet solved fixed works bravo "
        "kudos"
    ),
    "de": (
        "gut gute guter gutes guten super toll* prima klasse danke dank dankbar wunderbar* "
        "perfekt* großartig* ausgezeichnet* hervorragend* freundlich* hilfsbereit* schnell* "
        "zufrieden begeister* freu* liebe* lieb schön* einfach lecker bequem empfehl* genial "
        "spitze top glücklich nett* zuverlässig* klappt gelöst froh"
    ),
    "fr": (
        "bon bonne bons bien super génial* merci parfait* excellent* formidable* agréable* "
        "content* heureux heureuse satisfait* ravi* aimable* gentil* rapide* facile* adore* "
        "aime j'aime j'adore magnifique* beau belle meilleur* bravo recommand* efficace* "
        "sympa* chaleureu* résolu* incroyable top"
    ),
    "es": (
        "bueno buena buenos buenas bien genial* gracias perfect* excelente* maravillos* "
        "fantástic* increíble* content* feliz felices satisfech* encanta* amable* rápid* "
        "fácil* mejor* hermos* bonit* recomiend* recomendable* agradec* agradable* amo bravo "
        "eficiente* resuelto alegr* lindo linda estupend*"
    ),
    "it": (
        "buono buona buoni buone bene ottim* grazie perfett* eccellent* meraviglios* "
        "fantastic* splendid* content* felice felici soddisfatt* gentil* cortes* veloc* "
        "rapid* facil* miglior* bello bella bellissim* consigli* amo adoro piace bravo bravi "
        "efficient* risolto comod* piacevol* ringrazi* simpatic*"
    ),
}

BAD: Final = {
    "en": (
        "bad worst worse terribl* horribl* awful* hate* angry anger annoy* disappoint* poor* "
        "rude unacceptable useless broken fail* lost losing late delay* cancel* stuck ruin* "
        "disgust* sad sorry upset frustrat* ridiculous* pathetic stupid wrong problem* issue* "
        "complain* refund* never nobody nothing unfair scam fraud steal* stole stolen damag* "
        "missing waiting waited dirty slow crash* sick pain* hurt* suck* crap shit fuck* damn "
        "hell ugh wtf cry* worry worried boring dead kill* unhelpful ignor* shame"
    ),
    "de": (
        "schlecht* schlimm* furchtbar* schrecklich* katastroph* enttäusch* ärger* wütend "
        "sauer unfreundlich* unverschämt* frech* kaputt defekt* verloren verspät* storniert* "
        "problem* fehler* beschwer* nie niemand nichts leider traurig hass* betrug* falsch* "
        "unmöglich* inakzeptab* langsam* dreck* schmutzig* warte* peinlich nervt mies* "
        "schaden beschädigt* unzuverlässig*"
    ),
    "fr": (
        "mauvais* pire* horrible* terrible* affreu* nul nulle déçu* décev* déception* colère "
        "énerv* honteu* honte inadmissible* inacceptable* cassé* perdu* retard* annul* "
        "problème* erreur* plainte* jamais personne rien triste* déteste* arnaque* faux lent* "
        "sale* attend* malheureusement impossible* volé* catastroph* scandal* inutile*"
    ),
    "es": (
        "mal mala malo malas malos peor* horrible* terrible* fatal pésim* decepc* enfad* "
        "enoj* molest* vergüenza inaceptable* roto rota perdi* retras* demora* cancel* "
        "problema* error* queja* nunca nadie nada triste* odi* estafa* fals* lent* suci* "
        "esper* imposible* robad* desastre* inútil* grosero* asco mierda"
    ),
    "it": (
        "male cattiv* peggi* orribil* terribil* pessim* delus* delud* arrabbiat* vergogn* "
        "inaccettabil* rotto rotta pers* ritard* annullat* cancellat* problem* error* reclam* "
        "mai nessuno niente nulla trist* odi* truff* fals* lent* sporc* aspett* attesa "
        "impossibil* rubat* disastr* inutil* maleducat* schifo purtroppo"
    ),
}

# Turn a good word that follows closely into a bad one, and a bad one into half a good one.
NOT: Final = {
    "en": (
        "not no never don't doesn't didn't isn't wasn't aren't can't cannot couldn't won't "
        "wouldn't without"
    ),
    "de": ("nicht kein keine keinen keiner keinem nie niemals ohne"),
    "fr": ("pas jamais aucun aucune sans ni"),
    "es": ("no nunca ningún ninguna sin ni tampoco"),
    "it": ("non mai nessun nessuna senza né"),
}

# Make a word that follows closely count half as much again.
VERY: Final = {
    "en": ("very so really too extremely totally absolutely completely such most"),
    "de": ("sehr so wirklich zu extrem total absolut völlig richtig"),
    "fr": ("très si vraiment trop extrêmement totalement absolument tellement"),
    "es": ("muy tan realmente demasiado extremadamente totalmente absolutamente"),
    "it": ("molto così davvero troppo estremamente totalmente assolutamente"),
}

GOOD_SIGNS: Final = "😀 😃 😄 😁 😊 🙂 😍 🥰 😘 ❤ 💕 👍 🙏 🎉 👏 💪 ✨ 🤗 :) :-) :D ;) <3"
BAD_SIGNS: Final = "😡 😠 🤬 👎 😢 😭 💔 😞 😩 😤 🙄 😒 😱 🤮 🤢 :( :-( :/"
