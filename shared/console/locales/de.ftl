# Die Texte der Konsole auf Deutsch.
skip = Zum Inhalt
navigation = Ansichten
search-box = Das Archiv durchsuchen
search-placeholder = Suchen
interface = Schnittstelle
keys = Tasten
wall = Wand
key-next = Nächster und voriger Artikel
key-open = Artikel öffnen
key-original = Beim Verlag öffnen
key-mark = Artikel merken
key-outlet = Sein Medium öffnen
key-search = Suchen
key-help = Diese Tasten
tab-now = Jetzt
tab-search = Suche
tab-compare = Vergleich
tab-sources = Quellen
tab-collections = Sammlungen
tab-pipeline = Pipeline
tab-settings = Einstellungen

# Zeiten
ago-now = gerade eben
ago-minutes = { $count ->
    [one] vor 1 Minute
   *[other] vor { $count } Minuten
}
ago-hours = { $count ->
    [one] vor 1 Stunde
   *[other] vor { $count } Stunden
}
ago-days = { $count ->
    [one] vor 1 Tag
   *[other] vor { $count } Tagen
}
lasting-seconds = { $count } s
lasting-minutes = { $count } min
lasting-hours = { $count } h
lasting-days = { $count } Tage
today = heute
yesterday = gestern
january = Januar
february = Februar
march = März
april = April
may = Mai
june = Juni
july = Juli
august = August
september = September
october = Oktober
november = November
december = Dezember

# Listen von Artikeln
articles = { $count ->
    [one] 1 Artikel
   *[other] { $shown } Artikel
}
found = { $count ->
    [0] Kein Artikel hat all das
    [one] 1 Artikel hat all das
   *[other] { $shown } Artikel haben all das
}
new = Neu
new-since = { $count ->
    [0] Nichts Neues seit Ihrem letzten Besuch
    [one] 1 neuer seit Ihrem letzten Besuch
   *[other] { $shown } neue seit Ihrem letzten Besuch
}
last-visit = { $name }
live-one = 1 neuer Artikel: zeigen
live-many = # neue Artikel: zeigen
revised = geändert
relaxed = verwandt
relaxed-help = Als „verwandt“ markierte Artikel haben nur einige der Wörter oder sind ähnlich im Sinn.
untitled = Ohne Überschrift
also-in = Auch bei
and-further = und { $shown } weiteren
copies = { $count ->
    [one] 1 Kopie anderswo
   *[other] { $shown } Kopien anderswo
}
original = Beim Verlag
older = Ältere Artikel
more = Mehr
nothing = Hier sind keine Artikel.
nothing-found = Nichts gefunden. Nehmen Sie weniger Wörter oder einen Filter heraus.
not-indexed = { $shown } Artikel sind noch nicht zu finden: Der Index wird erstellt.
overview = Übersicht
over-time = Artikel im Lauf der Zeit
narrow = Eingrenzen
filters = Filter
filter-off = Diesen Filter aufheben
feed = Feed
compare-outlets = Medien vergleichen
search-in = Darin suchen
score = Wertung { $name }
score-words = Nach Wörtern
score-meaning = Nach Sinn (Kosinus)
score-rule = Regel

# Suche
search-title = { $name }: Suche
search-help = Artikel finden
search-intro = Wörter nebeneinander müssen alle vorkommen. Dieselbe Sprache gilt in Feeds, in der Schnittstelle und auf der Kommandozeile.
write = Schreiben Sie
finds = Findet Artikel
help-words = mit beiden Wörtern
help-phrase = mit der Wortfolge
help-or = mit einem der Wörter; ohne ein Wort
help-title = mit einem Wort in der Überschrift; von jemandem
help-site = eines Mediums; in einer Sprache
help-name = die eine Person, eine Organisation, einen Ort nennen
help-topic = zu einem Thema; nach ihrem Ton
help-date = der letzten sieben Tage; aus einem Zeitraum
from = Von
until = Bis
apply = Anwenden
degraded = Nur nach Wörtern: { $name }
sort-relevance = Beste
sort-newest = Neueste
sort-oldest = Älteste

# Eigenschaften
facet-topic = Themen
facet-name = Namen
facet-site = Medien
facet-language = Sprache
facet-sentiment = Ton
facet-decision = Entscheidung
field-title = Überschrift
field-author = Autor
field-site = Medium
field-source = Quelle
field-lang = Sprache
field-topic = Thema
field-entity = Name
field-person = Person
field-org = Organisation
field-place = Ort
field-sentiment = Ton
field-story = Geschichte
field-decision = Entscheidung
field-date = Datum
field-observed = Gesehen
field-has = Mit
kind-person = Person
kind-org = Organisation
kind-place = Ort
kind-name = Name
kind-entity = Name
kind-topic = Thema
kind-site = Medium
sentiment-negative = Negativ
sentiment-neutral = Neutral
sentiment-positive = Positiv
decision-new = Neu
decision-revision = Neue Fassung
decision-syndicated = Kopie eines anderen Mediums
decision-duplicate = Doppelt
decision-refused = Abgelehnt
language-en = Englisch
language-de = Deutsch
language-fr = Französisch
language-es = Spanisch
language-it = Italienisch
language-pt = Portugiesisch
language-nl = Niederländisch
language-pl = Polnisch
language-ru = Russisch
language-uk = Ukrainisch
language-ar = Arabisch
language-fa = Persisch
language-he = Hebräisch
language-tr = Türkisch
language-zh = Chinesisch
language-ja = Japanisch
language-ko = Koreanisch
language-hi = Hindi
topic-01000000 = Kunst, Kultur und Medien
topic-02000000 = Kriminalität und Recht
topic-03000000 = Katastrophen und Unfälle
topic-04000000 = Wirtschaft und Finanzen
topic-05000000 = Bildung
topic-06000000 = Umwelt
topic-07000000 = Gesundheit
topic-08000000 = Menschen
topic-09000000 = Arbeit
topic-10000000 = Freizeit und Lebensart
topic-11000000 = Politik und Regierung
topic-12000000 = Religion
topic-13000000 = Wissenschaft und Technik
topic-14000000 = Gesellschaft
topic-15000000 = Sport
topic-16000000 = Konflikte, Krieg und Frieden
topic-17000000 = Wetter

# Ein Artikel
by = Von
paywalled = Nicht frei zu lesen
summary = Zusammenfassung
truncated = Der Text ist länger. Er wurde bei 256 KiB abgeschnitten.
about-article = Über diesen Artikel
topics = Themen
names = Namen
phrases = Schlüsselwörter
copies-title = Derselbe Text anderswo
related = Verwandt
versions = { $count ->
    [one] 1 Fassung
   *[other] { $shown } Fassungen
}
provenance = Woher dies kommt
first-article = Der Artikel, der diesen Text zuerst hatte
shared-passage = Längste gemeinsame Stelle
observed = Gesehen
stored = Gespeichert
modified = Vom Verlag geändert
found-at = Gefunden bei
id = Kennung
hash = Prüfsumme des Textes
models = Modelle
evidence = Herkunft der Angaben
skipped = Nicht zu bestimmen
reason-new = Kein bekannter Artikel hat diese Adresse, diese Wörter oder fast diesen Text.
reason-address = Die Adresse war bekannt; ihr Text ist jetzt ein anderer.
reason-text = Ein anderer Artikel hat dieselben Wörter.
reason-parts = Ein anderer Artikel hat fast denselben Text.
reason-share = { $count } % des kürzeren Textes stehen im längeren.
reason-syndicated = Ein anderes Medium hat diesen Text zuerst veröffentlicht.
reason-revision = Der Text an dieser Adresse hat sich geändert.
reason-none = Er war neu, als er kam. Die Regel, die entschied, ist nicht mehr gespeichert.
origin-declared = von der Seite angegeben
origin-listed = von Feed oder Sitemap genannt
origin-shown = Lesern gezeigt
origin-guessed = vermutet
value-title = Überschrift
value-text = Text
value-authors = Autoren
value-published-at = Veröffentlicht
value-modified-at = Geändert
value-language = Sprache
value-site-name = Medium
value-image = Bild
value-tags = Schlagwörter
value-section = Ressort
value-canonical-url = Adresse
finding-language = Sprache
finding-topics = Themen
finding-sentiment = Ton
finding-keyphrases = Schlüsselwörter
finding-summary = Zusammenfassung
finding-entities = Namen

# Fassungen
versions-of = Fassungen von „{ $name }“
back-to-article = Der Artikel
difference = Unterschied
all-versions = Alle Fassungen
one-version = Bisher gibt es eine Fassung.
changed-from = Von
taken-out = weggefallen
put-in = hinzugekommen
characters = { $shown } Zeichen

# Namen, Themen, Medien
own-share = { $count } % zuerst gehabt
sentiment-by-outlet = Ton nach Medium
looked-at = zuletzt nachgesehen: { $name }
next-look = das nächste Mal: { $name }

# Vergleich
compare-intro = Wie berichten Medien über ein Thema: wie viel an welchem Tag, in welchen Wörtern, und wer schweigt?
subject = Thema
outlets = Medien
outlets-hint = die mit den meisten Artikeln, oder a.example, b.example
outlet = Medium
sum = Summe
matrix = Artikel nach Medium und Tag
words-apart = Wörter, die jedes auszeichnen
too-few = Zu wenige Artikel
silent = Medien ohne einen Artikel dazu

# Quellen
sources = { $count ->
    [0] Keiner Quelle wird gefolgt
    [one] 1 Quelle wird gefolgt
   *[other] { $shown } Quellen wird gefolgt
}
failing = { $count ->
    [one] 1 scheitert
   *[other] { $shown } scheitern
}
add-source = Einer Quelle folgen
address = Adresse
tags = Schlagwörter
tags-hint = lokal, politik
follow = Folgen
add-help = Ein Feed, eine Sitemap, eine Website oder eine Liste von Adressen.
take-over = Eine Liste von Feeds übernehmen
opml = OPML-Dokument
follow-all = Allen folgen
opml-help = Legen Sie eine Datei hier ab, oder fügen Sie ihren Inhalt ein.
opml-get = Ihre als OPML
submit-page = Eine Seite lesen
submit = Einreichen
submit-help = Courant holt die Seite und speichert ihren Artikel.
no-sources = Fügen Sie oben die erste Quelle hinzu.
its-articles = ihre Artikel
from-configuration = aus der Konfiguration
not-looked = noch nicht nachgesehen
times = { $shown }-mal
check = Jetzt nachsehen
pause = Anhalten
resume = Fortsetzen
remove = Entfernen
more-acts = Mehr
save = Speichern
state-waiting = wartet
state-well = gut
state-failing = scheitert
state-ended = beendet
state-paused = angehalten
source-kind-feed = Feed
source-kind-sitemap = Sitemap
source-kind-site = Website
source-kind-list = Liste
source-kind-opml = OPML-Liste
done-added = Der Quelle wird jetzt gefolgt.
done-list = { $count ->
    [0] Allen Quellen der Liste wurde schon gefolgt.
    [one] 1 Quelle wurde hinzugefügt.
   *[other] { $shown } Quellen wurden hinzugefügt.
}
done-submitted = Die Seite wird geholt. Ihr Artikel erscheint unter Jetzt.
done-paused = Die Quelle ist angehalten.
done-resumed = Der Quelle wird wieder gefolgt.
done-tagged = Die Schlagwörter sind gespeichert.
done-removed = Der Quelle wird nicht mehr gefolgt. Ihre Artikel bleiben.
done-checked = Bei der Quelle wird nachgesehen.

# Pipeline
pressure-none = Alles läuft
pressure-slow = Verlangsamt
pressure-stop = Nimmt nichts an
figure-articles = Artikel
figure-indexed = Im Index
figure-judged = Adressen beurteilt
figure-visits = Seiten geholt
figure-followed = Quellen
figure-rate = Empfohlener Takt
behind = { $shown } im Rückstand
queues = Warteschlangen
queue = Schlange
queue-courant-entry = Gefunden
queue-courant-accepted = Eingelassen
queue-courant-embedded = Eingebettet
queue-courant-analyzed = Analysiert
queue-courant-events = Ereignisse
queue-courant-dlq = Unzustellbar
queue-courant-crawl = Zu holen
queue-courant-commands = Aufträge
queue-courant-alerts = Meldungen
waiting = Wartend
in-flight = In Arbeit
oldest = Älteste
redelivered = Erneut versucht
full = Voll
dead-letters = Unzustellbare Nachrichten
no-letters = Keine. Nachrichten, die nicht zu bearbeiten sind, warten hier mit ihrem Fehler.
deliveries = { $count ->
    [one] 1 Zustellung
   *[other] { $shown } Zustellungen
}
replay = Erneut versuchen
agents = Agenten
agent = Agent
agent-state = Zustand
agent-starting = startet
agent-running = läuft
agent-paused = angehalten
agent-draining = läuft aus
agent-stopped = beendet
uptime = Seit
succeeded = Erledigt
retried = Zurückgegeben
discarded = Aufgegeben
model-title = Encoder der Suchanfragen
no-model = Noch antwortet kein Encoder; gesucht wird nach Wörtern.
pipeline-more = Alle Zahlen:

# Einstellungen
appearance = Aussehen
colours = Farben
colours-device = die des Geräts
colours-light = hell
colours-dark = dunkel
zone = Zeiten stehen in { $name }, der Zone Ihres Browsers.
configuration = Geltende Konfiguration
configuration-help = Beim Start gelesen aus courant.toml, der Umgebung und der Kommandozeile; Geheimnisse fehlen.
no-configuration = Dieser Prozess zeigt keine.

# Die ersten Minuten
first-title = Willkommen
first-lead = Drei Schritte bis zum ersten Artikel. Diese Seite geht mit.
first-add = Nennen Sie eine Quelle
first-none = Courant folgt Feeds, Sitemaps und Websites und liest, was neu ist.
first-or = Viele auf einmal:
first-opml = eine OPML-Liste übernehmen
first-sample = Zum Ausprobieren mit erfundenen Nachrichten:
first-fetch = Courant sieht nach
first-looked = { $count ->
    [one] bei 1 Quelle nachgesehen
   *[other] bei { $shown } Quellen nachgesehen
}
first-fetched = { $count ->
    [one] 1 Seite geholt
   *[other] { $shown } Seiten geholt
}
first-read = Die ersten Artikel kommen
first-waiting = { $count ->
    [0] Noch ist kein Artikel unterwegs
    [one] 1 Artikel ist unterwegs
   *[other] { $shown } Artikel sind unterwegs
}
first-model = der Encoder wird geladen

# Fehler
failure-not-found = Hier ist nichts
failure-invalid = Das ist nicht zu beantworten
failure-unavailable = Das geht gerade nicht
to-now = Zu dem, was neu ist

# Sammlungen
mark = Merken
unmark = Nicht mehr merken
marks-lead = Artikel, die Sie sich gemerkt haben, in diesem Browser. Drucken Sie die Seite, oder nehmen Sie sie als Markdown mit.
marks-full = Für 200 Artikel ist Platz: Ein weiterer ersetzt den ältesten.
marks-none = Merken Sie sich einen Artikel mit seinem Lesezeichen oder der Taste m.
as-markdown = Als Markdown
marks-gone = { $count ->
    [one] 1 gemerkter Artikel ist nicht mehr im Archiv.
   *[other] { $shown } gemerkte Artikel sind nicht mehr im Archiv.
}
