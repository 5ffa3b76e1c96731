//! The meanings of class names and ids.

use std::collections::HashMap;

use super::super::hidden;

/// The most bytes of a name. Longer names are made by machines.
const MAX_NAME_BYTES: usize = 80;
/// The most names of a page whose meanings are kept.
const MAX_NAMES: usize = 10_000;

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

/// The statements of one name about its element.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Meaning {
    pub(super) boilerplate: bool,
    /// True if it is a part about the author.
    pub(super) author: bool,
    pub(super) comments: bool,
    pub(super) for_sale: bool,
    pub(super) lead: bool,
    pub(super) body: bool,
    /// True if a class of this name hides the element from everyone, or at first.
    pub(super) unseen_class: bool,
    pub(super) hidden_class: bool,
}

/// The meanings of the names of a page. Most names stand on it many times.
#[derive(Debug, Default)]
pub(in super::super) struct Names(HashMap<Box<str>, Meaning>);

impl Names {
    pub(super) fn meaning(&mut self, name: &str) -> Meaning {
        if let Some(meaning) = self.0.get(name) {
            return *meaning;
        }
        let meaning = Meaning::of(name);
        if self.0.len() < MAX_NAMES {
            self.0.insert(name.into(), meaning);
        }
        meaning
    }
}

impl Meaning {
    fn of(name: &str) -> Self {
        let is_property = PROPERTIES.iter().any(|start| name.starts_with(start));
        if name.len() > MAX_NAME_BYTES || is_property {
            return Self::default();
        }
        // The part after `--` modifies a block; it does not name it.
        let name = name.split_once("--").map_or(name, |parts| parts.0);
        let mut meaning = Self::default();
        let mut is_layout = false;
        let whole = each_word(name, |word| {
            is_layout |= LAYOUT.contains(&word);
            meaning.word(word);
        });
        meaning.boilerplate &= !is_layout;
        meaning.for_sale = SALES.iter().any(|sale| whole.contains(sale));
        meaning.lead = LEADS.iter().any(|lead| whole.contains(lead));
        meaning.author = AUTHORS.iter().any(|author| whole.contains(author));
        meaning.body = whole == "entry" || BODIES.iter().any(|body| whole.contains(body));
        meaning.unseen_class = hidden::is_unseen_class(&whole);
        meaning.hidden_class = hidden::is_hidden_class(&whole);
        meaning
    }

    fn word(&mut self, word: &str) {
        self.comments |= COMMENTS.contains(&word);
        self.boilerplate |= self.comments || BOILERPLATE.contains(&word);
    }
}

/// Calls `each` with the words of a name in lower case. Returns the name without separators.
fn each_word(name: &str, mut each: impl FnMut(&str)) -> String {
    let mut whole = String::with_capacity(name.len());
    let mut word_start = 0;
    let mut was_lower = false;
    for c in name.chars() {
        let is_border = !c.is_ascii_alphanumeric();
        if is_border || (c.is_ascii_uppercase() && was_lower) {
            each(&whole[word_start..]);
            word_start = whole.len();
        }
        if !is_border {
            whole.push(c.to_ascii_lowercase());
        }
        was_lower = c.is_ascii_lowercase();
    }
    each(&whole[word_start..]);
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_states_the_layout_is_no_boilerplate() {
        assert!(Meaning::of("right-sidebar").boilerplate);
        assert!(!Meaning::of("withSidebar").boilerplate);
        assert!(Meaning::of("post-comments").comments);
    }

    #[test]
    fn a_known_name_keeps_its_meaning() {
        let mut names = Names::default();
        assert!(names.meaning("articleBody").body);
        assert!(names.meaning("articleBody").body);
    }
}
