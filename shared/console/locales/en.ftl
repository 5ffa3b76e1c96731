# The texts of the console in English.
skip = Skip to the content
navigation = Screens
search-box = Search the archive
search-placeholder = Search
interface = Interface
keys = Keys
wall = Wall
key-next = Next and previous article
key-open = Open the article
key-original = Open it at its publisher
key-mark = Mark the article
key-outlet = Open its outlet
key-search = Search
key-help = These keys
tab-now = Now
tab-search = Search
tab-compare = Compare
tab-sources = Sources
tab-collections = Collections
tab-pipeline = Pipeline
tab-settings = Settings

# Times
ago-now = just now
ago-minutes = { $count ->
    [one] 1 minute ago
   *[other] { $count } minutes ago
}
ago-hours = { $count ->
    [one] 1 hour ago
   *[other] { $count } hours ago
}
ago-days = { $count ->
    [one] 1 day ago
   *[other] { $count } days ago
}
lasting-seconds = { $count } s
lasting-minutes = { $count } min
lasting-hours = { $count } h
lasting-days = { $count } days
today = today
yesterday = yesterday
january = January
february = February
march = March
april = April
may = May
june = June
july = July
august = August
september = September
october = October
november = November
december = December

# Lists of articles
articles = { $count ->
    [one] 1 article
   *[other] { $shown } articles
}
found = { $count ->
    [0] No article has all of this
    [one] 1 article has all of this
   *[other] { $shown } articles have all of this
}
new = New
new-since = { $count ->
    [0] Nothing new since your last visit
    [one] 1 new since your last visit
   *[other] { $shown } new since your last visit
}
last-visit = { $name }
live-one = 1 new article: show it
live-many = # new articles: show them
revised = revised
relaxed = near
relaxed-help = Articles marked “near” have only some of the words, or are near in meaning.
untitled = Without a headline
also-in = Also in
and-further = and { $shown } more
copies = { $count ->
    [one] 1 copy elsewhere
   *[other] { $shown } copies elsewhere
}
original = At the publisher
older = Older articles
more = More
nothing = There are no articles here.
nothing-found = Nothing was found. Use fewer words, or take a filter off.
not-indexed = { $shown } articles cannot be found yet: the index is being made.
overview = Overview
over-time = Articles over time
narrow = Narrow down
filters = Filters
filter-off = Take this filter off
feed = Feed
compare-outlets = Compare outlets
search-in = Search in these
score = Score { $name }
score-words = By words
score-meaning = By meaning (cosine)
score-rule = Rule

# Search
search-title = { $name }: search
search-help = Ask for articles
search-intro = Words side by side must all occur. The same language works in feeds, in the API and on the command line.
write = Write
finds = Finds articles
help-words = with both words
help-phrase = with the phrase
help-or = with one of the words; without a word
help-title = with a word in the headline; by an author
help-site = of an outlet; in a language
help-name = that name a person, an organization, a place
help-topic = about a topic; by their sentiment
help-date = of the last seven days; of a range of days
from = From
until = Until
apply = Apply
degraded = By words alone: { $name }
sort-relevance = Best
sort-newest = Newest
sort-oldest = Oldest

# Properties
facet-topic = Topics
facet-name = Names
facet-site = Outlets
facet-language = Language
facet-sentiment = Sentiment
facet-decision = Decision
field-title = Headline
field-author = Author
field-site = Outlet
field-source = Source
field-lang = Language
field-topic = Topic
field-entity = Name
field-person = Person
field-org = Organization
field-place = Place
field-sentiment = Sentiment
field-story = Story
field-decision = Decision
field-date = Date
field-observed = Seen
field-has = Has
kind-person = Person
kind-org = Organization
kind-place = Place
kind-name = Name
kind-entity = Name
kind-topic = Topic
kind-site = Outlet
sentiment-negative = Negative
sentiment-neutral = Neutral
sentiment-positive = Positive
decision-new = New
decision-revision = Revision
decision-syndicated = Copy of another outlet
decision-duplicate = Duplicate
decision-refused = Refused
language-en = English
language-de = German
language-fr = French
language-es = Spanish
language-it = Italian
language-pt = Portuguese
language-nl = Dutch
language-pl = Polish
language-ru = Russian
language-uk = Ukrainian
language-ar = Arabic
language-fa = Persian
language-he = Hebrew
language-tr = Turkish
language-zh = Chinese
language-ja = Japanese
language-ko = Korean
language-hi = Hindi
topic-01000000 = Arts, culture and media
topic-02000000 = Crime, law and justice
topic-03000000 = Disaster and accident
topic-04000000 = Economy and business
topic-05000000 = Education
topic-06000000 = Environment
topic-07000000 = Health
topic-08000000 = Human interest
topic-09000000 = Labour
topic-10000000 = Lifestyle and leisure
topic-11000000 = Politics and government
topic-12000000 = Religion
topic-13000000 = Science and technology
topic-14000000 = Society
topic-15000000 = Sport
topic-16000000 = Conflict, war and peace
topic-17000000 = Weather

# An article
by = By
paywalled = Not free to read
summary = Summary
truncated = The text is longer. It was cut at 256 KiB.
about-article = About this article
topics = Topics
names = Names
phrases = Key phrases
copies-title = The same text elsewhere
related = Related
versions = { $count ->
    [one] 1 version
   *[other] { $shown } versions
}
provenance = Where this comes from
first-article = The article that had this text first
shared-passage = Longest shared passage
observed = Seen
stored = Stored
modified = Changed by the publisher
found-at = Found at
id = Id
hash = Hash of the text
models = Models
evidence = Origin of the values
skipped = Could not be told
reason-new = No known article has this address, these words or nearly this text.
reason-address = The address was known; its text is another one now.
reason-text = Another article has the same words.
reason-parts = Another article has nearly the same text.
reason-share = { $count } % of the shorter text stands in the longer one.
reason-syndicated = Another outlet published this text first.
reason-revision = The text at this address has changed.
reason-none = It was new when it came. The rule that decided is no longer kept.
origin-declared = declared by the page
origin-listed = listed by the feed or sitemap
origin-shown = shown to readers
origin-guessed = guessed
value-title = Headline
value-text = Text
value-authors = Authors
value-published-at = Published
value-modified-at = Changed
value-language = Language
value-site-name = Outlet
value-image = Image
value-tags = Tags
value-section = Section
value-canonical-url = Address
finding-language = Language
finding-topics = Topics
finding-sentiment = Sentiment
finding-keyphrases = Key phrases
finding-summary = Summary
finding-entities = Names

# Versions
versions-of = Versions of “{ $name }”
back-to-article = The article
difference = Difference
all-versions = All versions
one-version = There is one version so far.
changed-from = From
taken-out = taken out
put-in = put in
characters = { $shown } characters

# Names, topics, outlets
own-share = { $count } % had first
sentiment-by-outlet = Sentiment by outlet
looked-at = looked at { $name }
next-look = next look { $name }

# Compare
compare-intro = How do outlets report on a subject: how much on which day, in which words, and who says nothing?
subject = Subject
outlets = Outlets
outlets-hint = those with the most articles, or a.example, b.example
outlet = Outlet
sum = Sum
matrix = Articles by outlet and day
words-apart = Words that set each apart
too-few = Too few articles to tell
silent = Outlets without an article on it

# Sources
sources = { $count ->
    [0] No source is followed
    [one] 1 source is followed
   *[other] { $shown } sources are followed
}
failing = { $count ->
    [one] 1 fails
   *[other] { $shown } fail
}
add-source = Follow a source
address = Address
tags = Tags
tags-hint = local, politics
follow = Follow
add-help = A feed, a sitemap, a site or a list of addresses.
take-over = Take over a list of feeds
opml = OPML document
follow-all = Follow all
opml-help = Drop a file here, or paste its content.
opml-get = Get yours as OPML
submit-page = Read one page
submit = Submit
submit-help = Courant fetches the page and stores its article.
no-sources = Add the first source above.
its-articles = its articles
from-configuration = from the configuration
not-looked = not looked at yet
times = { $shown } times
check = Check now
pause = Pause
resume = Resume
remove = Remove
more-acts = More
save = Save
state-waiting = waiting
state-well = well
state-failing = failing
state-ended = ended
state-paused = paused
source-kind-feed = feed
source-kind-sitemap = sitemap
source-kind-site = site
source-kind-list = list
source-kind-opml = OPML list
done-added = The source is followed now.
done-list = { $count ->
    [0] Every source of the list was followed before.
    [one] 1 source was added.
   *[other] { $shown } sources were added.
}
done-submitted = The page will be fetched. Its article appears under Now.
done-paused = The source is paused.
done-resumed = The source is followed again.
done-tagged = The tags are saved.
done-removed = The source is no longer followed. Its articles stay.
done-checked = The source is being looked at.

# Pipeline
pressure-none = Everything runs
pressure-slow = Slowed down
pressure-stop = Takes nothing in
figure-articles = Articles
figure-indexed = In the index
figure-judged = Addresses judged
figure-visits = Pages fetched
figure-followed = Sources
figure-rate = Suggested rate
behind = { $shown } behind
queues = Queues
queue = Queue
queue-courant-entry = Found
queue-courant-accepted = Let in
queue-courant-embedded = Embedded
queue-courant-analyzed = Analyzed
queue-courant-events = Events
queue-courant-dlq = Dead letters
queue-courant-crawl = To be fetched
queue-courant-commands = Commands
queue-courant-alerts = Alerts
waiting = Waiting
in-flight = In work
oldest = Oldest
redelivered = Tried again
full = Full
dead-letters = Dead letters
no-letters = None. Messages that cannot be handled wait here with their error.
deliveries = { $count ->
    [one] 1 delivery
   *[other] { $shown } deliveries
}
replay = Try again
agents = Agents
agent = Agent
agent-state = State
agent-starting = starting
agent-running = running
agent-paused = paused
agent-draining = draining
agent-stopped = stopped
uptime = Since
succeeded = Done
retried = Given back
discarded = Given up
model-title = Encoder of queries
no-model = No encoder answers yet; searches go by words.
pipeline-more = All figures:

# Settings
appearance = Appearance
colours = Colours
colours-device = those of the device
colours-light = light
colours-dark = dark
zone = Times are shown in { $name }, the zone of your browser.
configuration = Configuration in force
configuration-help = Read from courant.toml, the environment and the command line at the start; secrets are left out.
no-configuration = This process shows none.

# The first minutes
first-title = Welcome
first-lead = Three steps to the first article. This page follows along.
first-add = Name a source
first-none = Courant follows feeds, sitemaps and sites, and reads what is new.
first-or = Many at once:
first-opml = take over an OPML list
first-sample = To try it with made-up news:
first-fetch = Courant looks at it
first-looked = { $count ->
    [one] 1 source looked at
   *[other] { $shown } sources looked at
}
first-fetched = { $count ->
    [one] 1 page fetched
   *[other] { $shown } pages fetched
}
first-read = The first articles come in
first-waiting = { $count ->
    [0] No article is on its way yet
    [one] 1 article is on its way
   *[other] { $shown } articles are on their way
}
first-model = the encoder is being loaded

# Errors
failure-not-found = There is nothing here
failure-invalid = This cannot be answered
failure-unavailable = This does not work now
to-now = To what is new

# Collections
mark = Mark
unmark = Take the mark off
marks-lead = Articles that you marked, kept in this browser. Print the page, or take it along as Markdown.
marks-full = There is room for 200 marks: a further one replaces the oldest.
marks-none = Mark an article with its ribbon, or with the key m.
as-markdown = As Markdown
marks-gone = { $count ->
    [one] 1 marked article is no longer in the archive.
   *[other] { $shown } marked articles are no longer in the archive.
}
