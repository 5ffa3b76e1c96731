//! The pages of the sample sites, as templates of three kinds of publisher.

use serde_json::json;

use crate::sample::SampleArticle;

/// The way in which a publisher describes its articles.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Style {
    /// JSON-LD and Open Graph.
    Structured,
    /// A JSON-LD graph with references.
    Graph,
    /// Meta elements and `time` alone.
    Plain,
}

/// A publisher of the sample.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PublisherTemplate {
    pub(crate) host: &'static str,
    pub(crate) name: &'static str,
    pub(crate) style: Style,
}

/// The text with what HTML and XML give a meaning to written as entities.
pub(crate) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// The page of an article, with what surrounds articles on real sites.
/// `related`: path and headline of others.
pub(crate) fn article_page(
    publisher: PublisherTemplate,
    article: &SampleArticle,
    related: &[(String, String)],
) -> String {
    let body = format!(
        "<article><header><p class=\"kicker\">{section}</p><h1>{title}</h1>\n{byline}</header>\n\
         <div class=\"share-bar\"><a href=\"/share/mail\">Mail</a> <a href=\"/share/copy\">Copy link</a> \
         <a href=\"/share/print\">Print</a></div>\n<div class=\"article-body\">\n{text}</div></article>\n{related}",
        section = escaped(&article.section),
        title = escaped(&article.title),
        byline = byline(article),
        text = paragraphs(article),
        related = related_list(related),
    );
    document(publisher, &article.title, &head(publisher, article), &body)
}

/// The same article as sites offer it for printing: nothing says where the
/// original is.
pub(crate) fn print_page(article: &SampleArticle) -> String {
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title></head>\n\
         <body><h1>{title}</h1>\n<div class=\"article-body\">\n{text}</div></body></html>\n",
        title = escaped(&article.title),
        text = paragraphs(article),
    )
}

/// A page of teasers, with a path and a headline like an article's.
pub(crate) fn listing_page(
    publisher: PublisherTemplate,
    title: &str,
    teasers: &[(String, String)],
) -> String {
    let items: String = teasers
        .iter()
        .map(|(path, title)| {
            format!(
                "<div class=\"teaser\"><h2><a href=\"{path}\">{}</a></h2></div>\n",
                escaped(title)
            )
        })
        .collect();
    let body = format!("<section><h1>{}</h1>\n{items}</section>", escaped(title));
    document(publisher, title, "<meta property=\"og:type\" content=\"website\">", &body)
}

fn document(publisher: PublisherTemplate, title: &str, head: &str, body: &str) -> String {
    format!(
        "<!DOCTYPE html>\n<html lang=\"en-GB\"><head><meta charset=\"utf-8\">\n\
         <title>{title} | {name}</title>\n<link rel=\"alternate\" type=\"application/rss+xml\" href=\"/feed.xml\">\n{head}\n\
         </head><body>\n<nav class=\"menu\"><ul><li><a href=\"/\">Home</a></li><li><a href=\"/about\">About</a></li>\
         <li><a href=\"/newsletter\">Newsletter</a></li><li><a href=\"/login\">Log in</a></li></ul></nav>\n\
         <main>\n{body}\n</main>\n<aside class=\"newsletter-promo\"><p>News at breakfast: \
         <a href=\"/newsletter\">order our letter</a>.</p></aside>\n\
         <footer><p>© 2026 {name} · <a href=\"/privacy\">Privacy</a> · <a href=\"/contact\">Contact</a></p></footer>\n\
         </body></html>\n",
        title = escaped(title),
        name = escaped(publisher.name),
    )
}

fn paragraphs(article: &SampleArticle) -> String {
    article.paragraphs.iter().map(|text| format!("<p>{}</p>\n", escaped(text))).collect()
}

fn byline(article: &SampleArticle) -> String {
    format!(
        "<div class=\"byline\"><a rel=\"author\" href=\"/author/{slug}\">{author}</a> \
         <time datetime=\"{at}\">{day}</time></div>",
        slug = article.author.to_lowercase().replace(' ', "-"),
        author = escaped(&article.author),
        at = article.published,
        day = &article.published[..10],
    )
}

fn related_list(related: &[(String, String)]) -> String {
    let items: String = related
        .iter()
        .map(|(path, title)| format!("<li><a href=\"{path}\">{}</a></li>\n", escaped(title)))
        .collect();
    format!("<section class=\"related\"><h2>Read on</h2><ul>\n{items}</ul></section>")
}

fn head(publisher: PublisherTemplate, article: &SampleArticle) -> String {
    let url = format!("https://{}{}", publisher.host, article.path());
    let canonical = format!("<link rel=\"canonical\" href=\"{url}\">");
    let described = match publisher.style {
        Style::Plain => format!(
            "<meta name=\"author\" content=\"{}\">\n<meta property=\"article:published_time\" content=\"{}\">",
            escaped(&article.author),
            article.published
        ),
        style => script(style, publisher, article, &url),
    };
    format!(
        "{canonical}\n<meta property=\"og:type\" content=\"article\">\n\
         <meta property=\"og:title\" content=\"{}\">\n<meta property=\"og:site_name\" content=\"{}\">\n{described}",
        escaped(&article.title),
        escaped(publisher.name),
    )
}

fn script(
    style: Style,
    publisher: PublisherTemplate,
    article: &SampleArticle,
    url: &str,
) -> String {
    let organization =
        json!({ "@type": "Organization", "@id": "#publisher", "name": publisher.name });
    let person = json!({ "@type": "Person", "@id": "#author", "name": article.author });
    let reference = |id: &str| json!({ "@id": id });
    let described = |author, publisher| {
        json!({
            "@type": "NewsArticle", "mainEntityOfPage": url, "headline": article.title,
            "datePublished": article.published, "articleSection": article.section,
            "inLanguage": "en", "author": [author], "publisher": publisher,
        })
    };
    let graph = match style {
        Style::Graph => {
            json!([organization, person, described(reference("#author"), reference("#publisher"))])
        }
        _ => json!([described(person, organization)]),
    };
    let data = json!({ "@context": "https://schema.org", "@graph": graph });
    // `<` could end the script from within a text.
    let data = data.to_string().replace('<', "\\u003c");
    format!("<script type=\"application/ld+json\">{data}</script>")
}
