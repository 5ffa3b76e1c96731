//! The numbers that decide on a block, each with its name.

use super::super::outline::{Block, Tag};
use super::super::score::ends_sentence;
use super::page::Page;
use super::text::TextFacts;

/// The number of blocks on either side among which the kept ones are counted.
const NEAR: usize = 3;

impl Page<'_> {
    /// Gives the names and the values of the numbers, always in the same order.
    pub(super) fn signs(&self, index: usize, mut put: impl FnMut(&'static str, f32)) {
        self.kind(index, &mut put);
        self.rules(index, &mut put);
        self.place(index, &mut put);
        self.ancestors(index, &mut put);
        self.neighbours(index, &mut put);
        self.company(index, &mut put);
        self.text(index, &mut put);
        self.whole(&mut put);
    }

    fn kind(&self, index: usize, put: &mut impl FnMut(&'static str, f32)) {
        let block = &self.outline.blocks[index];
        let tag = self.outline.tag_of(block);
        let level = if let Tag::Heading(level) = tag { f32::from(level) } else { 0.0 };
        put("length", log(block.chars));
        put("links", link_share(block));
        put("heading level", level);
        put("item", of(tag == Tag::Item));
        put("cell", of(tag == Tag::Cell));
        put("code", of(tag == Tag::Preformatted));
        put("quote", of(tag == Tag::Quote));
        put("caption", of(matches!(tag, Tag::Caption | Tag::Figure)));
        put("paragraph", of(tag == Tag::Paragraph));
        let links = &self.outline.links[block.links.clone()];
        let ends_in_link = links.last().is_some_and(|link| link.text.end + 1 >= block.text.end);
        put("link at end", of(ends_in_link));
        put("number of links", links.len() as f32);
    }

    fn rules(&self, index: usize, put: &mut impl FnMut(&'static str, f32)) {
        let block = &self.outline.blocks[index];
        put("kept", of(self.kept[index]));
        put("chosen", of(self.chosen[index]));
        put("score", self.score(index, 0));
        put("score before", self.score(index, -1));
        put("score behind", self.score(index, 1));
        put("share of the text", block.chars as f32 / self.kept_chars() as f32);
        put("share of the longest", block.chars as f32 / self.longest.max(1) as f32);
    }

    fn place(&self, index: usize, put: &mut impl FnMut(&'static str, f32)) {
        let nearest = index.max(self.first).min(self.last.max(self.first));
        put("rank", index as f32 / self.outline.blocks.len() as f32);
        put("kept before it", self.kept_before(index));
        put("is behind all", of(index > self.last));
        put("distance", log(index.abs_diff(nearest)));
        let run = self.runs[index];
        put("run before", run.before as f32);
        put("run behind", run.behind as f32);
        put("level of heading", f32::from(run.heading_level));
        put("distance of heading", run.to_heading as f32);
    }

    fn ancestors(&self, index: usize, put: &mut impl FnMut(&'static str, f32)) {
        let elements = &self.outline.elements;
        let parent = self.outline.blocks[index].element;
        let grand = elements[parent].parent;
        let great = elements[grand].parent;
        put("share of parent", self.share(grand));
        put("share of grandparent", self.share(great));
        put("kept in element", self.kept_in(parent));
        put("kept in parent", self.kept_in(grand));
        put("kept in grandparent", self.kept_in(great));
        put("links of element", self.links_of(parent));
        put("links of parent", self.links_of(grand));
        put("links of grandparent", self.links_of(great));
        put("blocks of parent", log(elements[grand].blocks.len()));
        put("blocks of grandparent", log(elements[great].blocks.len()));
        put("length of element", log(self.outline.chars(&elements[parent])));
        let of_parent = &elements[grand].blocks;
        let at = index.saturating_sub(of_parent.start) as f32;
        put("rank in parent", at / of_parent.len().max(1) as f32);
        self.names(parent, put);
    }

    fn names(&self, element: usize, put: &mut impl FnMut(&'static str, f32)) {
        let around = &self.around[element];
        let flags = around.flags;
        put("hidden", of(flags.hidden));
        put("boilerplate", of(flags.boilerplate));
        put("boilerplate at", around.boilerplate_at());
        put("outside", of(flags.outside));
        put("comments", of(flags.comments));
        put("lead", of(flags.lead));
        put("body", of(flags.body));
        put("declared body", of(flags.declared_body));
        put("aside", of(flags.aside));
        put("footer", of(flags.footer));
        put("form", of(flags.form));
        put("list", of(flags.list));
        put("table", of(flags.table));
        put("article", of(flags.article));
        put("main", of(flags.main));
        put("steps to chosen", f32::from(around.to_chosen));
        put("depth", f32::from(around.depth));
    }

    fn neighbours(&self, index: usize, put: &mut impl FnMut(&'static str, f32)) {
        let length = |step: isize| self.near(index, step).map_or(0.0, |block| log(block.chars));
        let links = |step: isize| self.near(index, step).map_or(0.0, link_share);
        put("length before", length(-1));
        put("length behind", length(1));
        put("length before 2", length(-2));
        put("length behind 2", length(2));
        put("length behind 3", length(3));
        put("links before", links(-1));
        put("links behind", links(1));
        put("links before 2", links(-2));
        put("links behind 2", links(2));
        let end = (index + 1 + NEAR).min(self.outline.blocks.len());
        put("kept near before", self.kept_share(index.saturating_sub(NEAR), index));
        put("kept near behind", self.kept_share(index + 1, end));
    }

    fn company(&self, index: usize, put: &mut impl FnMut(&'static str, f32)) {
        let block = &self.outline.blocks[index];
        let shape = self.shape(block.element);
        let own = self.outline.elements[block.element].shape;
        let is_alike = |step: isize| {
            let other = self.near(index, step);
            of(other.is_some_and(|other| self.outline.elements[other.element].shape == own))
        };
        put("blocks alike", log(shape.blocks));
        put("kept share of alike", shape.kept_chars as f32 / shape.chars.max(1) as f32);
        put("share of alike", shape.kept_chars as f32 / self.kept_chars() as f32);
        put("neighbours alike", is_alike(-1) + is_alike(1));
        let parent = self.outline.elements[block.element].parent;
        put("parents alike", log(self.shape(parent).elements));
        let text = self.outline.text_of(block);
        put("repeated", self.repeated.get(text).copied().unwrap_or(1) as f32);
    }

    fn text(&self, index: usize, put: &mut impl FnMut(&'static str, f32)) {
        let text = self.outline.text_of(&self.outline.blocks[index]);
        let facts = &self.texts[index];
        let chars = facts.chars.max(1) as f32;
        put("sentence", of(ends_sentence(text)));
        put("ending", TextFacts::ending(text));
        put("words", log(facts.spaces + facts.lines));
        put("letters per word", chars / (facts.spaces + facts.lines) as f32);
        put("lines", facts.lines as f32);
        put("letters", facts.letters as f32 / chars);
        put("digits", facts.digits as f32 / chars);
        put("capitals", facts.capitals as f32 / (facts.small.max(1)) as f32);
        put("commas", facts.commas as f32 / chars);
        put("quotes", of(facts.has_quotes));
        put("bar", of(facts.has_bar));
        put("copyright", of(facts.has_copyright));
        put("at", of(facts.has_at));
        put("address", of(text.contains("http") || text.contains("www.")));
        put("exclamation", of(facts.has_exclamation));
        put("money", of(facts.has_money));
        put("small start", of(facts.starts_small));
        put("words of title", self.title.share(&facts.words, 0));
        put("words of description", self.description.share(&facts.words, 0));
        put("words of body", self.body.share(&facts.words, u32::from(self.kept[index])));
    }

    /// Gives the numbers that are the same for all blocks of the page.
    fn whole(&self, put: &mut impl FnMut(&'static str, f32)) {
        put("page blocks", log(self.outline.blocks.len()));
        put("page length", log(self.kept_chars()));
        put("page share", self.kept_chars() as f32 / self.chars as f32);
        put("page links", self.link_chars as f32 / self.chars as f32);
        put("page has body", of(self.is_body));
    }

    fn near(&self, index: usize, step: isize) -> Option<&Block> {
        self.outline.blocks.get(index.checked_add_signed(step)?)
    }

    fn score(&self, index: usize, step: isize) -> f32 {
        let at = index.checked_add_signed(step).filter(|at| *at < self.outline.blocks.len());
        at.map_or(0.0, |at| (self.scores.of_block(at) / 200.0).clamp(-1.0, 2.0) as f32)
    }

    fn kept_in(&self, element: usize) -> f32 {
        let blocks = &self.outline.elements[element].blocks;
        self.kept_share(blocks.start, blocks.end)
    }

    fn links_of(&self, element: usize) -> f32 {
        let element = &self.outline.elements[element];
        self.outline.link_chars(element) as f32 / self.outline.chars(element).max(1) as f32
    }
}

fn of(is_so: bool) -> f32 {
    f32::from(u8::from(is_so))
}

fn log(number: usize) -> f32 {
    (number as f32 + 1.0).ln()
}

fn link_share(block: &Block) -> f32 {
    block.link_chars as f32 / block.chars.max(1) as f32
}
