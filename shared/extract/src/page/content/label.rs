//! The labels of elements, from their class, id and role.

use dom_query::Element;

use super::hidden;
use super::phrases;

/// The most bytes of a name. Longer names are made by machines.
const MAX_NAME_BYTES: usize = 80;

/// The kinds of content that an element's names state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Label {
    /// True if a name that content management systems use says that it is the body of an article.
    pub(super) body: bool,
    /// True if the publisher's `itemprop` says that it is the body of an article.
    pub(super) declared_body: bool,
    /// True for sharing, related links, prompts, advertisements and navigation.
    pub(super) boilerplate: bool,
    /// True if readers wrote it below the article.
    pub(super) comments: bool,
    /// True if the page's subject is sold here.
    pub(super) for_sale: bool,
    /// True if it stands between the headline and the body.
    pub(super) lead: bool,
    /// True if its role says that it is the main element.
    pub(super) main: bool,
    /// True if it is not shown at first: a menu, a dialogue, or an article that a script shows.
    pub(super) hidden: bool,
    /// True if a class hides it. Another class may show it again.
    hidden_by_class: bool,
    /// True if it is never shown, but read aloud.
    pub(super) unseen: bool,
    /// True if the publisher marks it as a live blog.
    pub(super) live: bool,
    /// True if it is another article, or text that readers wrote. Its contents show this, never its
    /// name.
    pub(super) others: bool,
}

/// Words of names for parts that do not belong to an article.
const BOILERPLATE: &[&str] = &[
    "ad",
    "addthis",
    "addtoany",
    "ads",
    "adsbygoogle",
    "adsense",
    "advert",
    "advertisement",
    "advertising",
    "alsoread",
    "banner",
    "bio",
    "breadcrumb",
    "breadcrumbs",
    "byline",
    "caption",
    "consent",
    "cookie",
    "cookiebar",
    "cookies",
    "copyright",
    "credit",
    "credits",
    "cta",
    "disclosure",
    "donate",
    "donation",
    "follow",
    "footer",
    "footnav",
    "gdpr",
    "infobox",
    "login",
    "mailchimp",
    "mashsb",
    "menu",
    "meta",
    "metadata",
    "modal",
    "more",
    "morelinks",
    "mostread",
    "nav",
    "navbar",
    "navigation",
    "newsletter",
    "newsletters",
    "noprint",
    "outbrain",
    "overlay",
    "pager",
    "pagination",
    "paginator",
    "paywall",
    "piano",
    "popular",
    "popup",
    "postmeta",
    "print",
    "promo",
    "promobox",
    "promos",
    "promotion",
    "rating",
    "ratings",
    "readmore",
    "recirc",
    "recommend",
    "recommendation",
    "recommendations",
    "recommended",
    "related",
    "relatedposts",
    "reklama",
    "share",
    "sharebar",
    "sharedaddy",
    "sharethis",
    "sharing",
    "sidebar",
    "signup",
    "social",
    "socials",
    "sociable",
    "sponsor",
    "sponsored",
    "sponsors",
    "subscribe",
    "subscription",
    "legend",
    "instagram",
    "tweet",
    "twitter",
    "facebook",
    "whatsapp",
    "taboola",
    "taglist",
    "tags",
    "teaser",
    "teasers",
    "toolbar",
    "trending",
    "werbung",
];
/// Names, without separators, of parts about the author.
const AUTHORS: &[&str] = &[
    "aboutauthor",
    "aboutheauthor",
    "authorbio",
    "authorbox",
    "authorcard",
    "authorinfo",
    "authorprofile",
    "authortext",
    "postauthor",
];
const COMMENTS: &[&str] = &[
    "comment",
    "commentlist",
    "commentaires",
    "comments",
    "disqus",
    "kommentare",
    "respond",
    "comentarios",
];
/// Names of the body of an article, without separators.
const BODIES: &[&str] = &[
    "articlebody",
    "articlecontent",
    "articletext",
    "articlecopy",
    "articlemain",
    "postbody",
    "postcontent",
    "posttext",
    "entrycontent",
    "entrybody",
    "entrytext",
    "storybody",
    "storycontent",
    "storytext",
    "newsbody",
    "newscontent",
    "newstext",
    "blogcontent",
    "blogbody",
    "contentbody",
    "bodycopy",
    "richtext",
    "fieldnamebody",
    "bodytext",
    "postentry",
    "thecontent",
];
/// The starts of names that say what an element has or is about, and not what it is.
const PROPERTIES: &[&str] =
    &["tag-", "category-", "has-", "format-", "status-", "type-", "node--type-"];
const SALES: &[&str] =
    &["addtocart", "addtobasket", "buybox", "buynow", "productform", "productprice"];
/// Words that show that a name states where columns are: `layout-with-sidebar`.
const LAYOUT: &[&str] = &["layout", "with", "w", "no", "without"];
/// Names of the paragraph between the headline and the body.
const LEADS: &[&str] = &[
    "standfirst",
    "excerpt",
    "vorspann",
    "chapo",
    "subtitle",
    "subheadline",
    "subhead",
    "articleintro",
    "articlelead",
    "articlesummary",
    "articledescription",
    "intro",
    "lead",
    "teaser",
    "dek",
    "deck",
    "entradilla",
    "sottotitolo",
    "ingress",
    "summary",
    "headertext",
];
pub(super) fn of(element: &Element) -> Label {
    let is_for_no_script = &*element.name.local == "noscript";
    let mut label = Label { hidden: is_for_no_script, ..Label::default() };
    let mut is_streamed = false;
    let mut classes = "";
    for attribute in &element.attrs {
        let value = attribute.value.as_ref();
        match &*attribute.name.local {
            "id" if value.starts_with("S:") => is_streamed = true,
            "class" => {
                value.split_ascii_whitespace().for_each(|name| label.class(name));
                classes = value;
            }
            "id" => value.split_ascii_whitespace().for_each(|name| {
                label.name(name);
            }),
            "role" => label.role(value),
            "itemprop" => label.property(value),
            "hidden" => label.hidden |= !value.eq_ignore_ascii_case("until-found"),
            "aria-hidden" => label.hidden |= value == "true",
            "aria-label" if !hidden::is_phrase(element) && !is_control(element) => {
                label.spoken_name(value);
            }
            "itemtype" => label.item(value),
            "style" => label.hidden |= hidden::is_hidden_style(element, value),
            "data-testid" | "data-component" | "data-block" => {
                label.name(value);
            }
            _ => {}
        }
    }
    if matches!(&*element.name.local, "html" | "body") {
        return Label::default(); // names of the whole page, not of what it holds
    }
    // React sends parts of a page hidden, under such names, and moves them.
    label.hidden |=
        label.hidden_by_class && !classes.split_ascii_whitespace().any(hidden::is_shown_class);
    label.hidden &= !is_streamed;
    label
}

impl Label {
    fn class(&mut self, name: &str) {
        let plain = self.name(name);
        self.unseen |= hidden::is_unseen_class(&plain);
        self.hidden_by_class |= hidden::is_hidden_class(&plain);
    }

    /// Notes the meaning of a name. Returns the name in lower case, without separators.
    fn name(&mut self, name: &str) -> String {
        let is_property = PROPERTIES.iter().any(|start| name.starts_with(start));
        if name.len() > MAX_NAME_BYTES || is_property {
            return String::new();
        }
        // The part after `--` modifies a block; it does not name it.
        let name = name.split_once("--").map_or(name, |parts| parts.0);
        let mut whole = String::with_capacity(name.len());
        let was_boilerplate = self.boilerplate;
        let mut is_layout = false;
        let mut word_start = 0;
        let mut was_lower = false;
        for c in name.chars() {
            let is_border = !c.is_ascii_alphanumeric();
            if is_border || (c.is_ascii_uppercase() && was_lower) {
                is_layout |= LAYOUT.contains(&&whole[word_start..]);
                self.word(&whole[word_start..]);
                word_start = whole.len();
            }
            if !is_border {
                whole.push(c.to_ascii_lowercase());
            }
            was_lower = c.is_ascii_lowercase();
        }
        self.word(&whole[word_start..]);
        is_layout |= LAYOUT.contains(&&whole[word_start..]);
        self.boilerplate &= !is_layout || was_boilerplate;
        self.for_sale |= SALES.iter().any(|sale| whole.contains(sale));
        self.lead |= LEADS.iter().any(|lead| whole.contains(lead));
        self.boilerplate |= AUTHORS.iter().any(|author| whole.contains(author));
        self.body |= whole == "entry" && !self.boilerplate;
        self.body |= BODIES.iter().any(|body| whole.contains(body)) && !self.boilerplate;
        whole
    }

    fn word(&mut self, word: &str) {
        if COMMENTS.contains(&word) {
            (self.comments, self.boilerplate) = (true, true);
        } else {
            self.boilerplate |= BOILERPLATE.contains(&word);
        }
    }

    fn role(&mut self, role: &str) {
        match role {
            "main" => self.main = true,
            "navigation" | "complementary" | "banner" | "contentinfo" | "search" | "dialog"
            | "alertdialog" | "menu" | "menubar" => self.boilerplate = true,
            _ => {}
        }
    }

    /// Notes an `aria-label`, which is the heading of a part for readers who do not see it.
    fn spoken_name(&mut self, name: &str) {
        if phrases::heads_comments(name) {
            (self.comments, self.boilerplate) = (true, true);
        } else {
            self.boilerplate |= phrases::opens_other(name);
        }
    }

    fn item(&mut self, kind: &str) {
        self.live |= kind.rsplit('/').next() == Some("LiveBlogPosting");
    }

    fn property(&mut self, property: &str) {
        match property {
            "articleBody" => self.declared_body = true,
            "description" | "abstract" => self.lead = true,
            "comment" | "commentText" => (self.comments, self.boilerplate) = (true, true),
            _ => {}
        }
    }
}

/// Returns true for elements whose spoken name says what they do, and not what they hold.
fn is_control(element: &Element) -> bool {
    matches!(&*element.name.local, "button" | "input" | "svg" | "img" | "select" | "textarea")
}
