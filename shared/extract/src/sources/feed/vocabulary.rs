//! The meanings of the elements of the feed formats, with any prefix.

/// The vocabulary that an element belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Module {
    /// RSS of all versions, Atom, CDF, and elements without a name space.
    Core,
    Content,
    Dublin,
    Feedburner,
    Itunes,
    /// Media RSS, as video sites use it.
    Media,
    Rdf,
    Syndication,
    Xhtml,
    /// A vocabulary that says nothing about articles.
    Other,
}

impl Module {
    /// Returns the module with this name space. Returns `None` if the name space is unknown.
    pub(super) fn of_uri(uri: &str) -> Option<Self> {
        let uri = uri.trim().trim_end_matches(['/', '#']).to_ascii_lowercase();
        let uri = uri.trim_start_matches("https://").trim_start_matches("http://");
        Some(match uri {
            ""
            | "www.w3.org/2005/atom"
            | "purl.org/atom/ns"
            | "purl.org/rss/1.0"
            | "my.netscape.com/rdf/simple/0.9"
            | "backend.userland.com/rss"
            | "backend.userland.com/rss2"
            | "blogs.law.harvard.edu/tech/rss" => Self::Core,
            "purl.org/rss/1.0/modules/content" => Self::Content,
            "purl.org/dc/elements/1.1"
            | "purl.org/dc/elements/1.0"
            | "purl.org/dc/terms"
            | "purl.org/rss/1.0/modules/dcterms" => Self::Dublin,
            "rssnamespace.org/feedburner/ext/1.0" => Self::Feedburner,
            "www.itunes.com/dtds/podcast-1.0.dtd" => Self::Itunes,
            "search.yahoo.com/mrss" => Self::Media,
            "www.w3.org/1999/02/22-rdf-syntax-ns" => Self::Rdf,
            "purl.org/rss/1.0/modules/syndication" => Self::Syndication,
            "www.w3.org/1999/xhtml" => Self::Xhtml,
            _ => return None,
        })
    }

    /// Returns the module that usually has this prefix, for a prefix that is not declared.
    pub(super) fn of_prefix(prefix: &str) -> Self {
        match prefix.to_ascii_lowercase().as_str() {
            "" | "atom" | "atom10" | "a10" | "rss" => Self::Core,
            "content" => Self::Content,
            "dc" | "dcterms" => Self::Dublin,
            "feedburner" => Self::Feedburner,
            "itunes" => Self::Itunes,
            "media" => Self::Media,
            "rdf" => Self::Rdf,
            "sy" => Self::Syndication,
            "xhtml" => Self::Xhtml,
            _ => Self::Other,
        }
    }
}

/// The use of a text inside an entry. The one with the lower rank wins if two texts have the same
/// use, or else the first one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    Author {
        rank: u8,
    },
    Category,
    /// The whole article, as HTML or in the form that the element states.
    Content,
    Id,
    Link,
    /// The original link, which a feed proxy kept.
    OriginalLink,
    Published {
        rank: u8,
    },
    Summary {
        rank: u8,
    },
    /// Categories, separated by commas.
    Tags,
    Title {
        rank: u8,
    },
    Updated {
        rank: u8,
    },
    /// A date of Dublin Core, which does not say if it is the publishing time.
    AnyDate,
}

impl Field {
    /// Returns the use of the element `name` (in lower case) of an entry.
    pub(super) fn of(module: Module, name: &str) -> Option<Self> {
        use Module::{Content, Core, Dublin, Feedburner, Itunes, Media, Xhtml};
        Some(match (module, name) {
            (Core, "title") => Self::Title { rank: 0 },
            (Dublin, "title") => Self::Title { rank: 1 },
            (Media, "title") => Self::Title { rank: 2 },
            (Core, "id" | "guid") => Self::Id,
            (Core, "link") => Self::Link,
            (Feedburner, "origlink") => Self::OriginalLink,
            (Core, "pubdate" | "published") => Self::Published { rank: 0 },
            (Core | Dublin, "issued") => Self::Published { rank: 1 },
            (Core | Dublin, "created") => Self::Published { rank: 3 },
            (Core, "updated" | "modified" | "lastmod") | (Dublin, "modified") => {
                Self::Updated { rank: 0 }
            }
            (Core | Dublin, "date") => Self::AnyDate,
            (Core, "description" | "summary" | "abstract") => Self::Summary { rank: 0 },
            (Dublin, "description" | "abstract") => Self::Summary { rank: 1 },
            (Itunes, "summary") => Self::Summary { rank: 2 },
            (Media, "description") => Self::Summary { rank: 3 },
            (Core, "content" | "body" | "fullitem") => Self::Content,
            (Content, "encoded") | (Xhtml, "body" | "div") => Self::Content,
            (Core | Dublin, "author") | (Dublin, "creator") => Self::Author { rank: 0 },
            (Itunes, "author") => Self::Author { rank: 1 },
            (Core, "category") | (Dublin, "subject") => Self::Category,
            (Core, "tags") => Self::Tags,
            _ => return None,
        })
    }
}
