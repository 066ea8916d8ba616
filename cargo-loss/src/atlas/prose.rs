//! Documentation as HTML: Markdown, whose links to other losses lead to their pages.

use std::collections::BTreeSet;

use maud::{Markup, PreEscaped};
use pulldown_cmark::{BrokenLink, CowStr, Event, Options, Parser, Tag, TagEnd, html};

/// The documentation of a loss. Code that shows how to use it in Rust is left out: tests keep it right where it stands.
pub(crate) fn html(doc: &str, losses: &BTreeSet<String>) -> Markup {
    let target = |path: &str| {
        let name = path.rsplit("::").next().unwrap_or(path).trim_matches('`');
        losses.contains(name).then(|| format!("{name}.html"))
    };
    let mut resolve = |link: BrokenLink<'_>| {
        let url = target(&link.reference)?;
        Some((CowStr::from(url), CowStr::from("")))
    };
    let parser =
        Parser::new_with_broken_link_callback(doc, Options::ENABLE_TABLES, Some(&mut resolve));
    // What a link leads to that is no page is text.
    let mut open = vec![];
    let events = parser.filter_map(|event| match event {
        Event::Start(Tag::Link {
            link_type,
            dest_url,
            title,
            id,
        }) => {
            let is_address = dest_url.starts_with("http");
            let url = if dest_url.ends_with(".html") || is_address {
                Some(dest_url.to_string())
            } else {
                target(&dest_url)
            };
            open.push(url.is_some());
            let dest_url = CowStr::from(url?);
            Some(Event::Start(Tag::Link {
                link_type,
                dest_url,
                title,
                id,
            }))
        }
        Event::End(TagEnd::Link) => open.pop()?.then_some(Event::End(TagEnd::Link)),
        event => Some(event),
    });
    let mut text = String::new();
    html::push_html(&mut text, events);
    PreEscaped(text)
}
