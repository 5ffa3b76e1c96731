use super::super::tests::{FIRST, SECOND, paragraphs, plain, read};

/// A story with a remark in a line, in `span` with these attributes.
fn with_remark(attributes: &str) -> String {
    read(&format!(
        "<article>{}<p>The report<span {attributes}>, opens in a new tab</span> came on Friday.</p></article>",
        paragraphs()
    ))
    .text
}

#[test]
fn a_remark_out_of_sight_is_no_text_and_does_not_break_the_line() {
    for attributes in [
        "style='display:none'",
        "style='DISPLAY : None !important'",
        "style='visibility: hidden'",
        "style='opacity:0'",
        "style='position:absolute;left:-9999px'",
        "style='position: absolute; top: -10000px'",
        "style='position:fixed;left:-100vw'",
        "style='text-indent:-9999px'",
        "style='position:absolute;clip:rect(0 0 0 0)'",
        "style='position:absolute;clip:rect(1px, 1px, 1px, 1px)'",
        "style='clip-path:inset(50%)'",
        "style='width:1px;height:1px;overflow:hidden'",
        "style='height:0;overflow:hidden'",
        "style='font-size:0'",
        "style='color:red;font-size:0px;'",
        "hidden",
        "aria-hidden=true",
        "class=hidden",
        "class=sr-only",
        "class='note visually-hidden'",
        "class=screen-reader-text",
        "class=u-visuallyHidden",
        "class=d-none",
        "class=is-hidden",
        "class=element-invisible",
    ] {
        let text = with_remark(attributes);
        assert!(text.ends_with("\n\nThe report came on Friday."), "{attributes}: {text}");
    }
}

#[test]
fn a_remark_in_sight_is_text() {
    for attributes in [
        "",
        "style='display:inline'",
        "style='display:none;display:inline'",
        "style='opacity:0.5'",
        "style='font-size:0.9em'",
        "style='position:absolute;left:-2px'",
        "style='margin-left:-10px'",
        "style='clip-path:inset(0)'",
        "style='height:0'",
        "style='opacity:0;transform:translateY(16px)'",
        "hidden=until-found",
        "aria-hidden=false",
        "class=overflow-hidden",
        "class='hidden md:inline'",
        "class='d-none d-md-inline'",
        "class=md:hidden",
        "style=';;:;opacity'",
    ] {
        let text = with_remark(attributes);
        assert!(text.ends_with("The report, opens in a new tab came on Friday."), "{attributes}");
    }
}

#[test]
fn a_story_that_a_script_shows_is_read_though_it_is_hidden() {
    for attributes in [
        "style='opacity:0'",
        "style='display:none'",
        "style='visibility:hidden'",
        "class=hidden",
        "class='invisible js-story'",
        "aria-hidden=true",
    ] {
        let of_root = format!("<body {attributes}><article>{}</article></body>", paragraphs());
        assert_eq!(read(&of_root).text, plain(), "{attributes}");
        let of_story = format!("<main><article {attributes}>{}</article></main>", paragraphs());
        assert_eq!(read(&of_story).text, plain(), "{attributes}");
    }
}

#[test]
fn paragraphs_that_fade_in_are_text() {
    let paragraph = |text: &str| format!("<p style='opacity:0;transition:opacity 1s'>{text}</p>");
    let body = [paragraph(FIRST), format!("<p>{SECOND}</p>")].concat();
    assert_eq!(read(&format!("<article>{body}</article>")).text, [FIRST, SECOND].join("\n\n"));
}

#[test]
fn a_hidden_box_between_paragraphs_is_left_out() {
    for attributes in ["style='display:none'", "class=visually-hidden", "hidden"] {
        let content = read(&format!(
            "<article>{}<div {attributes}><p>Listen to this story in our app, read by its author.</p></div></article>",
            paragraphs()
        ));
        assert_eq!(content.text, plain(), "{attributes}");
    }
}

#[test]
fn the_first_letter_drawn_apart_belongs_to_its_word() {
    let content = read(&format!(
        "<article><p><span aria-hidden=true class=drop>T</span>he first.</p>{}</article>",
        paragraphs()
    ));
    assert!(content.text.starts_with("The first."), "{}", content.text);
}

#[test]
fn marks_for_breaking_lines_do_not_split_words_and_joiners_stay() {
    let text = "The break\u{ad}wa\u{ad}ter and the har\u{200b}bour mas\u{2060}ter; \
        می\u{200c}خواهم and क\u{94d}\u{200d}ष stay as they are.";
    let content = read(&format!("<article><p>{text}</p>{}</article>", paragraphs()));
    let first = content.text.split("\n\n").next().unwrap_or_default();
    assert_eq!(
        first,
        "The breakwater and the harbour master; می\u{200c}خواهم and क\u{94d}\u{200d}ष stay as they are."
    );
}
