//! Words that carry no topic, by language, and how words lose their endings.
//!
//! The lists hold function words, forms of common verbs, and what news write in
//! every article: "said", months, weekdays, numerals.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};
use std::sync::LazyLock;

use rust_stemmers::{Algorithm, Stemmer};
use unicode_segmentation::UnicodeSegmentation;

/// A language's stop words, and what takes its endings off.
struct List {
    words: HashSet<&'static str>,
    algorithm: Algorithm,
}

/// By language, ISO 639-1.
static LISTS: LazyLock<BTreeMap<&str, List>> = LazyLock::new(|| {
    let lists = [
        ("da", DANISH, Algorithm::Danish),
        ("de", GERMAN, Algorithm::German),
        ("en", ENGLISH, Algorithm::English),
        ("es", SPANISH, Algorithm::Spanish),
        ("fr", FRENCH, Algorithm::French),
        ("it", ITALIAN, Algorithm::Italian),
        ("nl", DUTCH, Algorithm::Dutch),
        ("no", NORWEGIAN, Algorithm::Norwegian),
        ("pt", PORTUGUESE, Algorithm::Portuguese),
        ("sv", SWEDISH, Algorithm::Swedish),
    ];
    let list = |words: &'static str, algorithm| List {
        words: words.split_whitespace().collect(),
        algorithm,
    };
    lists.into_iter().map(|(code, words, algorithm)| (code, list(words, algorithm))).collect()
});

/// Whether a text reads as one in `language`: two of its words at least, and a quarter
/// of them, are on that list, and fewer on any other.
pub(crate) fn bear_out(language: &str, text: &str) -> bool {
    let words: Vec<String> = text.unicode_words().map(plain).collect();
    let count =
        |list: &List| words.iter().filter(|word| list.words.contains(word.as_str())).count();
    let Some(own) = LISTS.get(language).map(count) else { return false };
    let mut others = LISTS.iter().filter(|(code, _)| **code != language);
    own >= 2 && 4 * own >= words.len() && others.all(|(_, list)| count(list) < own)
}

/// A word as the lists have it.
pub(crate) fn plain(word: &str) -> String {
    word.to_lowercase().replace('’', "'")
}

/// What is known of one language.
pub(crate) struct Lexicon {
    stop_words: &'static HashSet<&'static str>,
    stemmer: Stemmer,
    is_english: bool,
    /// Articles and the like that merge with the next word, with the apostrophe.
    elisions: &'static [&'static str],
    /// German writes all nouns with a capital, and only nouns.
    pub(crate) capitalizes_nouns: bool,
}

impl Lexicon {
    /// The languages that have one, ISO 639-1.
    pub(crate) fn languages() -> impl Iterator<Item = &'static str> {
        LISTS.keys().copied()
    }

    /// `None` for a language without a list.
    pub(crate) fn of(language: &str) -> Option<Self> {
        let List { words, algorithm } = LISTS.get(language)?;
        Some(Self {
            stop_words: words,
            stemmer: Stemmer::create(*algorithm),
            is_english: language == "en",
            elisions: match language {
                "fr" => &["l'", "d'", "j'", "m'", "n'", "s'", "t'", "c'", "qu'"],
                "it" => &["l'", "un'", "d'", "c'", "all'", "dall'", "dell'", "nell'", "sull'"],
                _ => &[],
            },
            capitalizes_nouns: language == "de",
        })
    }

    /// Whether a word in lower case carries no topic.
    pub(crate) fn is_stop_word(&self, lower: &str) -> bool {
        self.stop_words.contains(lower)
    }

    /// Whether a word's ending says that it is a verb or an adverb: known of
    /// English alone.
    pub(crate) fn is_no_noun(&self, word: &str) -> bool {
        self.is_english && ["ed", "ly"].iter().any(|end| word.ends_with(end))
    }

    /// The word without a merged article: "espèce" of "l'espèce".
    pub(crate) fn without_elision<'w>(&self, word: &'w str) -> &'w str {
        let Some(behind) = word.find(['\'', '’']).map(|i| word.ceil_char_boundary(i + 1)) else {
            return word;
        };
        let merged = plain(&word[..behind]);
        if self.elisions.contains(&merged.as_str()) { &word[behind..] } else { word }
    }

    /// What is left of a word in lower case without its ending.
    pub(crate) fn stem<'w>(&self, lower: &'w str) -> Cow<'w, str> {
        self.stemmer.stem(lower)
    }
}

const ENGLISH: &str = "\
a about above according across actually after again against ago ahead all almost alone along \
already also although always am among amid an and another any anyone anything are aren't around as \
ask asked asking at away back be became because become becomes been before began begin behind \
being believe believed below best better between big billion bn both bring brought but by call \
called calling came can can't cannot come comes coming could couldn't day days decided despite did \
didn't do does doesn't doing don't done down due during each early earlier eight either else end \
enough especially even ever every everyone everything expect expected far feel felt few fifth find \
first five followed following for former found four fourth from full further gave get gets getting \
give given gives giving go goes going gone good got great had hadn't half happen happened hard has \
hasn't have haven't having he he'd he'll he's held help her here hers herself high him himself his \
hold hour hours how however i i'd i'll i'm i've if in including increase indeed instead into is \
isn't it it'd it'll it's its itself just keep kept know known large last late later latest least \
led left less let lead like likely little long longer look looked looking lot lots made main make \
makes making many may maybe me mean means might million minute minutes mr mrs ms dr month months \
more most much must my myself near nearly need needed needs never nevertheless new next night nine \
no nobody none nor not nothing now number of off often old on once one ones only onto open or other \
others our ours ourselves out over own part particularly past per perhaps place plan plans point \
possible previous previously probably put quite rather ready real really recent recently remain \
reported reports result right run said same saw say saying says second see seem seemed seems seen \
set seven several shall she she'd she'll she's should shouldn't show showed shown side since six \
small so some someone something soon spokesman spokeswoman start started statement still stop such \
sure take taken takes taking talk tell ten than that that's the their theirs them themselves then \
there there's these they they'd they'll they're they've thing things think third this those though \
thought thousand three through thus time times to today together told tomorrow too took top toward \
towards tried try trying turn turned two under until up upon us use used using usually very via \
want wanted wants was wasn't way ways we we'd we'll we're we've week weeks weekend well went were \
weren't what whatever when where whether which while who who's whole whom whose why will with \
within without won't remain remains remained higher lower area areas start starts special change changed changes company companies money member members public country countries word words work worked working would wouldn't wrong year years yes yesterday \
yet you you'd you'll you're you've your yours yourself able add added adding announced claim \
claimed claims comment comments concern concerned current currently different deal face facing fact \
figure figures final group having however important involved issue issues key kind large leave \
level line live man meanwhile move move name people percent person play problem problems provide \
question reason report rest return role sense send sent short similar sort spend state step sure \
term terms view warned woman men women monday tuesday wednesday thursday friday saturday sunday \
january february march april june july august september october november december";

const GERMAN: &str = "\
ab aber als also alle allem allen aller alles allerdings am an ander andere anderem anderen anderer \
anderes angaben auch auf aus außerdem außer bei beim bereits bis bisher bin bist da dabei dadurch \
dafür dagegen daher damit danach dann daran darauf daraus darf darin darüber darum das dass daß \
davon davor dazu dein deine dem den denen denn dennoch der deren des deshalb dessen deutlich dich \
die dies diese diesem diesen dieser dieses dir doch dort drei du durch dürfen eben ein eine einem \
einen einer eines einfach einige einigen einmal einzelne ende er erklärte erst erste ersten erster \
es etwa etwas euch euer fall fast fünf für ganz gab gar geben gegen gehen gehört gemacht gemeinsam \
genau gerade gern geht gewesen gibt ging große großen großer gut habe haben hat hatte hatten hätte \
hätten her heute hier hin hinter ich ihm ihn ihnen ihr ihre ihrem ihren ihrer ihres im immer in \
indem ins insgesamt ist ja jahr jahre jahren jahres je jede jedem jeden jeder jedes jedoch jene \
jetzt kam kann kein keine keinem keinen keiner können könnte könnten kommen kommt konnte konnten \
kurz lange lang lassen laut letzte letzten liegt machen macht man manche mehr mehrere mein meine \
menschen mit mittwoch montag dienstag donnerstag freitag samstag sonnabend sonntag mal möglich \
müssen muss musste nach nachdem nächsten neben nein neu neue neuen neuer nicht nichts nie noch nun \
nur ob oder ohne prozent rund sagt sagte schon sechs sehen sehr sei seien sein seine seinem seinen \
seiner seines seit seitdem selbst sich sie sieben sieht sind so sogar solche soll sollen sollte \
sollten sondern sonst soll sowie später statt stehen steht tag tage tagen tun über um und uns unser \
unsere unter uhr viel viele vielen vier vom von vor wann war waren warum was weg wegen weil weiter \
weitere weiteren weiterhin welche wenig wenige weniger wenn wer werde werden wie wieder will wir \
wird wirklich wo woche wochen wohl wolle wollen wollte worden wurde wurden würde würden zehn zeit \
zu zudem zufolge zum zunächst zur zurück zusammen zwar zwei zwischen euro million millionen \
milliarde milliarden januar februar märz april mai juni juli august september oktober november \
dezember teil grund beispiel herr frau";

const FRENCH: &str = "\
à a afin ai ainsi alors an ans après assez au aucun aucune aujourd'hui auparavant auquel aura \
aurait aussi autant autre autres aux avaient avait avant avec avez avoir avons bien bon c'est car \
ce ceci cela celle celles celui cent cependant certain certaine certaines certains ces cet cette \
ceux chaque chez ci cinq comme comment contre d'un d'une dans de début déjà depuis derrière des dès \
deux devant devrait dire dit dix doit doivent donc dont du durant elle elles en encore enfin entre \
environ est et étaient était étant été être eu eux exemple face fait faire faut fin fois font \
grand grande grands heure heures hier huit ici il ils j'ai jamais janvier février mars avril mai \
juin juillet août septembre octobre novembre décembre je jour jours jusqu'à jusque juste l'un l'une \
la là laquelle le lequel les lesquels leur leurs lors lorsque lui lundi mardi mercredi jeudi \
vendredi samedi dimanche ma mais mal malgré me même mêmes mes mieux mille million millions \
milliard milliards mis mise moi moins mois mon monde n'a n'est ne neuf ni nombre non nos notamment \
notre nous nouveau nouvelle nouveaux nouvelles on ont or ou où par parce parfois parmi part partie \
pas pendant personne personnes peu peut peuvent plus plusieurs plutôt point pour pourquoi pourrait \
pourtant pouvoir premier première presque près puis qu'il qu'elle qu'un qu'une quand quatre que \
quel quelle quelles quelque quelques quels qui quoi quoique rien s'est sa sans se selon semaine \
semaines sept sera serait ses seul seule seulement si six soit sont sous souvent suite sur ta tandis \
tant tard te tel telle temps tenu toi ton toujours tous tout toute toutefois toutes très trois trop \
tu un une va venir vers veut via vie vient voilà voir vont vos votre vous vu y euros pourcent \
expliqué explique affirmé ajouté déclaré deuxième dernière dernier derniers dernières alors";

const SPANISH: &str = "\
a actualmente además ahora al algo alguien algún alguna algunas alguno algunos allí ambos ante \
anterior antes año años apenas aquel aquella aquellos aquí así asimismo aún aunque ayer bajo bien \
buen buena cada casi caso cerca cinco como cómo con contra cosa cosas creo cual cuál cuales \
cualquier cuando cuándo cuanto cuatro da dado de debe deben debido decir dejó del demás dentro desde \
después día días dice dicen dicho dieron diez dijo donde dónde dos durante e ejemplo el él ella \
ellas ello ellos embargo en encima enero febrero marzo abril mayo junio julio agosto septiembre \
octubre noviembre diciembre entonces entre era eran eres es esa esas ese eso esos esta está están \
estaba estaban estado estar estará estas este esto estos estuvo ex explicó fin forma frente fue \
fueron fuera gran grande grandes ha haber había habían hace hacen hacer hacia han hasta hay haya he \
hecho hemos hizo hora horas hoy hubo igual incluso ir jamás junto la lado las le les llegar llegó \
lleva lo los luego lugar lunes martes miércoles jueves viernes sábado domingo manera más mayor me \
mediante medio mejor menos mes meses mi mientras mil millón millones mis misma mismas mismo mismos \
momento mucha muchas mucho muchos muy nada nadie ni ningún ninguna no nos nosotros nuestra nuestras \
nuestro nuestros nueva nuevas nuevo nuevos nunca o ocho otra otras otro otros para parece parte \
pasado pero personas poco pocos podrá podría poder por porque posible primer primera primero puede \
pueden pues que qué quien quién quienes quiere realizar respecto sabe se sea según segunda segundo \
seis semana semanas señaló ser será sería si sí sido siempre siendo siete sin sino sobre sola solo \
sólo son su sus también tampoco tan tanto te tendrá tener tengo tenía tiempo tiene tienen toda \
todas todavía todo todos total tras tres tu tuvo última últimas último últimos un una unas uno unos \
usted va van varias varios veces ver vez vida y ya yo euros ciento";

const ITALIAN: &str = "\
a abbiamo ad agli ai al alcune alcuni all alla alle allo allora altra altre altri altro anche ancora \
anni anno appena aveva avevano avere avrebbe basta ben bene bisogna c'è caso che chi ci ciò circa \
cioè col come comunque con contro così cosa cose cui cinque da dagli dai dal dall dalla dalle dallo \
davanti degli dei del dell della delle dello dentro deve devono di dice dieci dietro dire diverse \
dopo dove dovrebbe due dunque durante e è ecco ed entro era erano essere fa fanno far fare fatto \
fine fino fra fu giorni giorno gli già giusto grande grandi grazie ha hai hanno ho i ieri il in \
infatti infine insieme intanto invece io la là l'ha lato le lei li lo loro lui lunedì martedì \
mercoledì giovedì venerdì sabato domenica gennaio febbraio marzo aprile maggio giugno luglio agosto \
settembre ottobre novembre dicembre ma mai me meglio meno mentre mesi mese mi mia mila milioni \
miliardi mio modo molta molte molti molto ne né nei nel nell nella nelle nello nessun nessuna \
nessuno niente no noi non nostra nostri nostro nulla nuova nuove nuovi nuovo o od oggi ogni oltre \
ora ore ossia otto parte per perché però persone più piuttosto poco poi possibile possono potrebbe \
poter prima primo prossimo proprio può qual qualche quale quali quando quanto quasi quattro quel \
quella quelle quelli quello questa queste questi questo qui quindi rispetto sarà sarebbe se secondo \
sei sempre senza sette settimana settimane si sì sia siamo siano solo sono sopra soprattutto sotto \
spiega sta stanno stare stata state stati stato stessa stesso su sua subito sue sugli sui sul sulla \
sulle suo suoi tanto te tempo tra tre troppo tu tutta tutte tutti tutto ultima ultimi ultimo un una \
uno va vari verso via viene vita volta volte vuole euro cento ha detto spiegato aggiunto";

const DUTCH: &str = "\
aan achter af al alle alleen alles als altijd ander andere anderen beetje ben bent bij bijna bijvoorbeeld \
binnen blijft blijven boven buiten daar daarna daarom daarbij dag dagen dan dat de deel deze die dit \
doen doet door drie dus duizend echt een één eerder eerst eerste eigen eigenlijk elk elke en er erg \
ergens etc even gaan gaat gaf gedaan geen geeft gehad gekomen geleden gemaakt genoeg geven gewoon \
geweest ging goed goede grote haar had hadden heb hebben heeft heel hele hem hen het hier hij hoe \
hoewel hun iedereen iemand iets ik in inmiddels is ja jaar jaren je jij jou jouw juist kan kon \
konden komen komt krijgen krijgt kunnen laat laatste lang later laten leven liet maar maakt maand \
maanden maken man manier me mee meer meest meeste men mensen met mij mijn miljoen miljard minder \
misschien moest moet moeten mogelijk mogen morgen na naar naast nadat nee net niemand niet niets \
nieuw nieuwe nog nooit nu of om omdat onder ons onze ook op opnieuw over per plaats procent rond \
samen sinds snel soms staan staat steeds tegen ten ter terug terwijl te tijd tijdens toch toen tot \
tussen twee tweede uit uur vaak van vanaf vandaag vanuit veel verder via vier vijf volgens volgende \
voor vooral voordat vorig vorige vragen vrij waar waarbij waarom waarop wanneer want waren was wat \
we week weken weer weg wel welke werd werden weten wie wil willen wilde worden wordt zal ze zeer zegt \
zei zelf zelfs zes zeven zich zie zien ziet zij zijn zo zoals zodat zonder zou zouden zullen euro \
maandag dinsdag woensdag donderdag vrijdag zaterdag zondag januari februari maart april mei juni \
juli augustus september oktober november december";

const PORTUGUESE: &str = "\
a à acordo afirmou agora ainda além algo alguém algum alguma algumas alguns ali ambos ano anos antes \
ao aos apenas apesar após aquela aquele aqueles aqui as às assim até através bem boa bom cada caso \
causa cerca cinco coisa coisas com como conforme contra contudo da dar das de dele dela deles demais \
dentro depois desde dessa desse desta deste deve devem dia dias disse diz dez do dois dos duas \
durante e é ela elas ele eles em embora enquanto então entre era eram essa essas esse esses esta \
está estão estas estava estavam este estes estou eu exemplo explicou fase faz fazer feito fez fim \
foi fora foram forma frente grande grandes há havia hoje hora horas isso isto já janeiro fevereiro \
março abril maio junho julho agosto setembro outubro novembro dezembro junto lá lado lhe lhes logo \
longe lugar maior maioria mais mas me meio melhor menos mês meses mesma mesmas mesmo mesmos meu mil \
milhão milhões minha momento muita muitas muito muitos na nada não nas nem nenhum nenhuma nessa \
nesse nesta neste ninguém no nos nós nossa nosso nova novas novo novos num numa nunca o oito onde \
ontem os ou outra outras outro outros para parte partir passado pela pelas pelo pelos perto pessoas \
pode podem poder poderá pois por porque porém portanto possível pouco poucos primeira primeiro \
próprio próximo quais qual qualquer quando quanto quarta quase quatro que quê quem quer quinta se \
segunda segundo seis seja sem semana semanas sempre sendo ser será seria sete seu seus sexta sido \
sim sob sobre só sua suas são sábado domingo tal também tanto tão te tem têm tempo tendo ter terá \
terça terceiro teve tinha tinham toda todas todo todos tornou três tu tudo última último últimos um \
uma umas uns usar vai vão vários vez vezes vida você vocês euros reais feira cento";

const DANISH: &str = "\
ad af aldrig alle alt altid anden andet andre at bare begge blandt blev blevet blive bliver bør både \
da dag dage de dem den denne der deres derfor derefter det dette dig din dog du efter eller ellers en \
end endnu ene er et fem fik find finde fire flere fleste for fordi forskellige fra først første få får \
gange ganske gennem give giver gjorde godt gøre gør går gået ham han hans har havde have hele hendes \
her hos hun hvad hver hvilken hvis hvor hvordan hvorfor hvornår i igen ikke ind inden ingen inkl ja \
jeg jer jo kan kom komme kommer kroner kun kunne lang lidt lige lille lå man mand mange med meget \
mellem men mener mens mere mest mig millioner mindre mindst min mod måned måneder måske må måtte når \
ned nogen noget nogle nok nu ny nye nær næste og også om omkring op os over på procent samme samt \
se seks selv senere ser ses siden sig siger sige sagde sidste sin sine sit skal skulle som stadig \
stor store står syv så sådan tage tager temmelig tid tidligere ti til timer to tre ud under uden uge \
uger ved vi via vil ville vores var været være år året mandag tirsdag onsdag torsdag fredag lørdag \
søndag hende fortæller ifølge januar februar marts april maj juni juli august september oktober november december";

const NORWEGIAN: &str = "\
alle allerede alt andre annen annet at av bare begge bak ble blei bli blir blitt bort bra bruke både \
da dag dager de deg dei deira dem den denne der dere deres derfor det dette di din disse ditt du \
dykk eg ein eit eitt eller elles en ene eneste enn enda er et ett etter fem fikk fire flere fleste \
for fordi fra fram før først første få får gang ganger gi gikk gjennom gjorde gjøre gjør god godt \
går ha hadde han hans har hele helt henne hennes her hit hjå ho hos hun hva hvem hver hvilken hvis \
hvor hvordan hvorfor i igjen ikke ikkje inn ingen inne innen ja jeg kan kanskje kom komme kommer \
korleis kroner kun kunne kva lage lang lenge like litt man mange med meg meget mellom men mener mens \
mer mest mine min mindre mitt mot mye må måned måneder måtte når nede ned noe noen nok nei nå ny nye \
nytt nær neste og også om omtrent opp oss over på prosent rett rundt samme samtidig sa se seg seier \
seks selv sen senere ser si siden sier siste sin sine sitt sju skal skje skulle slik snart som stor \
store står svært så ta tar tid tidligere ti til timer to tre under ut uke uker uten var ved veldig \
vi via vil ville vite vår våre vært være år året mandag tirsdag onsdag torsdag fredag lørdag søndag \
januar februar mars april mai juni juli august september oktober november desember millioner ifølge forteller";

const SWEDISH: &str = "\
aldrig all alla allt alltid andra annan annat att av bara bland blev bli blir blivit bort bra både \
båda börjar dag dagar de dem den denna deras dess dessa det detta dig din dock du då där därför efter \
eftersom ej eller en enligt er ett fall fem fick finns fler flera flesta fram från fyra få får för \
före först första ge genom ger gick gjorde gjort god gått går göra gör ha hade han hans har hela helt \
henne hennes hon honom hos hur här i icke igen in inom ingen inget innan inne inte ja jag ju kan \
kanske kom komma kommer kring kronor kunde kunna kvar lika lite liten lång länge man med mellan men \
menar mer mest mig min mindre mitt miljoner miljarder mot mycket månad månader måste många någon \
något några nej ner ni nio nog nu ny nya nytt när nästa och också om oss olika procent på redan rätt \
runt sade sa samma samt samtidigt se sedan ser sex sig sin sina sist sista sitt själv sju ska skall \
skriver skulle som stor stora större står så säga säger sätt ta tar tid tidigare till tillbaka timmar \
tio tre trots två under upp ur ut utan vad var vara varför varit varje vart vem vi via vid vill ville \
vilka vilken vilket vår våra vecka veckor väl även år året över måndag tisdag onsdag torsdag fredag \
lördag söndag är svårt berättar januari februari mars april maj juni juli augusti september oktober november december";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_named_has_a_list_in_lower_case() {
        for language in Lexicon::languages() {
            let lexicon = Lexicon::of(language).unwrap();
            assert!(lexicon.stop_words.len() > 200, "{language}");
            assert!(lexicon.stop_words.iter().all(|word| *word == word.to_lowercase()));
        }
    }

    #[test]
    fn function_words_bear_out_their_own_language_alone() {
        assert!(bear_out("en", "But Mueller’s team didn’t differ."));
        assert!(!bear_out("de", "But Mueller’s team didn’t differ."));
        assert!(bear_out("de", "Nicht nur Lewis erwartet ein Ding."));
        // "de" and "en" are words of several languages.
        assert!(!bear_out("nl", "de en"));
        assert!(!bear_out("en", "the Trump Clinton Obama Biden Bush Reagan Carter Ford"));
        assert!(!bear_out("ja", "the of") && !bear_out("en", ""));
    }

    #[test]
    fn a_language_without_a_list_has_no_lexicon() {
        assert!(Lexicon::of("ja").is_none());
        assert!(Lexicon::of("").is_none());
    }

    #[test]
    fn a_merged_article_is_taken_off() {
        let french = Lexicon::of("fr").unwrap();
        assert_eq!(french.without_elision("L’espèce"), "espèce");
        assert_eq!(french.without_elision("aujourd'hui"), "aujourd'hui");
        assert_eq!(Lexicon::of("en").unwrap().without_elision("d'Arc"), "d'Arc");
    }

    #[test]
    fn forms_of_a_word_share_a_stem() {
        let english = Lexicon::of("en").unwrap();
        assert_eq!(english.stem("elections"), english.stem("election"));
        assert!(english.is_stop_word("said") && !english.is_stop_word("election"));
    }
}
