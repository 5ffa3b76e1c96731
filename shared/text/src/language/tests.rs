use proptest::prelude::*;

use super::*;

fn told(text: &str) -> Option<&'static str> {
    detect(text).map(|guess| guess.language)
}

#[test]
fn sentences_are_told_apart() {
    let sentences = [
        ("en", "The harbour office said on Monday that the northern pier had moved again."),
        ("de", "Die Hafenbehörde teilte am Montag mit, dass sich die Mole verschoben habe."),
        ("fr", "La capitainerie a annoncé lundi que la jetée du nord s’était déplacée."),
        ("es", "La autoridad portuaria dijo el lunes que el dique del norte se había movido."),
        ("pt", "A autoridade portuária disse na segunda-feira que o molhe norte se moveu."),
        ("it", "La capitaneria ha detto lunedì che il molo nord si è spostato di nuovo."),
        ("nl", "Het havenbedrijf zei maandag dat de noordelijke pier opnieuw is verschoven."),
        ("sv", "Hamnmyndigheten sade på måndagen att den norra piren hade flyttat sig igen."),
        ("da", "Havnemyndigheden sagde mandag, at den nordlige mole havde flyttet sig igen."),
        ("no", "Havnemyndighetene sa mandag at den nordlige moloen hadde flyttet seg igjen."),
        ("nn", "Hamnestyresmaktene sa måndag at den nordlege moloen ikkje hadde flytta seg."),
        ("pl", "Władze portu poinformowały w poniedziałek, że północne molo się przesunęło."),
        ("cs", "Správa přístavu v pondělí oznámila, že se severní molo opět posunulo."),
        ("sk", "Správa prístavu v pondelok oznámila, že sa severné mólo opäť posunulo."),
        ("tr", "Liman idaresi pazartesi günü kuzey iskelesinin yeniden kaydığını açıkladı."),
        ("sw", "Mamlaka ya bandari ilisema Jumatatu kwamba gati la kaskazini limesogea tena."),
        ("ha", "Hukumar tashar jiragen ruwa ta ce a ranar Litinin an sake buɗe hanyar."),
        ("so", "Maamulka dekedda ayaa sheegay maanta in waddada waqooyi la furi doono."),
        ("vi", "Cảng vụ cho biết hôm thứ Hai rằng cầu cảng phía bắc đã bị dịch chuyển."),
        ("ru", "Управление порта сообщило в понедельник, что северный мол снова сместился."),
        ("uk", "Управління порту повідомило в понеділок, що північний мол знову змістився."),
        ("bg", "Пристанищната управа съобщи в понеделник, че северният кей се е преместил."),
        ("sr", "Лучка управа је у понедељак саопштила да се северни мол поново померио."),
        ("ar", "قالت هيئة الميناء يوم الاثنين إن الرصيف الشمالي تحرك مرة أخرى هذا العام"),
        ("fa", "اداره بندر روز دوشنبه گفت که اسکله شمالی دوباره جابه‌جا شده است"),
        ("ur", "بندرگاہ کے حکام نے پیر کو کہا کہ شمالی گودی دوبارہ کھسک گئی ہے"),
        ("hi", "बंदरगाह प्रशासन ने सोमवार को कहा कि उत्तरी घाट फिर से खिसक गया है"),
        ("mr", "बंदर प्रशासनाने सोमवारी सांगितले की उत्तरेकडील धक्का पुन्हा सरकला आहे"),
        ("am", "የወደቡ ባለሥልጣን ሰኞ ዕለት እንደተናገረው መንገዱ እንደገና ተከፍቷል"),
    ];
    for (expected, sentence) in sentences {
        assert_eq!(told(sentence), Some(expected), "{sentence}");
    }
}

#[test]
fn a_script_of_one_language_decides_at_once() {
    let texts = [
        ("ko", "항만 당국"),
        ("ja", "港湾局は月曜日に発表した"),
        ("zh", "港务局周一表示"),
        ("th", "การท่าเรือแถลง"),
        ("ka", "პორტის ადმინისტრაცია"),
        ("hy", "Նավահանգստի վարչությունը"),
        ("el", "Η λιμενική αρχή ανακοίνωσε"),
        ("ta", "துறைமுக ஆணையம்"),
        ("bn", "বন্দর কর্তৃপক্ষ সোমবার"),
    ];
    for (expected, text) in texts {
        let guess = detect(text).unwrap();
        assert_eq!(guess.language, expected, "{text}");
        assert!(guess.confidence > 0.9, "{text}: {guess:?}");
    }
}

#[test]
fn hebrew_and_yiddish_are_told_apart() {
    assert_eq!(told("רשות הנמלים הודיעה ביום שני כי המזח הצפוני זז שוב"), Some("he"));
    assert_eq!(told("אַלע מענטשן װערן געבױרן פֿרײַ און גלײַך אין כּבֿוד און רעכט"), Some("yi"));
}

#[test]
fn serbian_is_told_in_latin_letters() {
    let text = "Lučka uprava je u ponedeljak saopštila da se severni mol ponovo pomerio, a \
                predsednik vlade je rekao da će deca i dalje moći da uče u školi pored reke.";
    assert_eq!(told(text), Some("sr"));
}

#[test]
fn composed_and_decomposed_letters_tell_the_same() {
    let decomposed = "Ca\u{302}\u{309}ng vu\u{323} cho bie\u{302}\u{301}t ho\u{302}m thu\u{31b}\u{301} \
                      Hai ra\u{306}\u{300}ng ca\u{302}\u{300}u ca\u{309}ng";
    assert_eq!(told(decomposed), Some("vi"));
}

#[test]
fn a_quotation_in_another_script_does_not_change_the_answer() {
    let text =
        "The mayor quoted the banner, 港务局周一表示, and said that nobody had read it before.";
    assert_eq!(told(text), Some("en"));
}

#[test]
fn addresses_tell_nothing() {
    assert_eq!(told("https://www.example.com/this-is-the-story-of-the-day"), None);
    let text = "Сегодня молот упал на пол https://example.com/this-is-the-story-of-the-day-and-of-the-night";
    assert_eq!(told(text), Some("ru"));
    assert_eq!(told("港务局周一表示https://www.example.com/this-is-the-story-of"), Some("zh"));
}

#[test]
fn too_few_letters_tell_nothing() {
    for text in ["", "2024", "— 12:30 —", "Goal!", "港"] {
        assert_eq!(detect(text), None, "{text:?}");
    }
}

#[test]
fn gibberish_and_names_alone_are_uncertain() {
    for text in ["asdkjf qwoeiru zmxncb lkjahsd poiqwe", "xkqzj vwpq zzkt hhgf qqwx bcdf ghjk"] {
        assert!(detect(text).unwrap().confidence < 0.5, "{text}");
    }
}

#[test]
fn more_than_sixty_languages_are_candidates() {
    let all = candidates();
    assert!(all.len() >= 90, "{}", all.len());
    assert!(["am", "ha", "om", "so", "sw"].iter().all(|code| all.contains(code)));
    assert!(all.iter().all(|code| canonical(code) == Some(code)));
}

#[test]
fn the_built_in_table_is_whole() {
    let table = Table::parse(include_bytes!("../../data/languages.table"));
    assert!(table.is_ok(), "{table:?}");
}

#[test]
fn a_table_that_ends_early_or_names_an_unknown_label_is_refused() {
    let whole: &'static [u8] = include_bytes!("../../data/languages.table");
    assert_eq!(Table::parse(b"something").unwrap_err(), TableError::Magic);
    for length in [8, 11, 100, 70_000, whole.len() - 1] {
        assert_eq!(Table::parse(&whole[..length]).unwrap_err(), TableError::Length, "{length}");
    }
}

#[test]
fn a_table_tells_the_languages_that_it_was_made_from() {
    let label = |language| Label { language, script: Script::Latn, lift: 0.0 };
    let (mut one, mut other) = (Counts::default(), Counts::default());
    one.add(FeatureKind::Letters, "abc", 5.0);
    other.add(FeatureKind::Word, "cab", 5.0);
    let bytes = write_table(&[(label("en"), one), (label("de"), other)]).unwrap();
    let table = Table::parse(bytes.leak()).unwrap();
    let best = |text| table.scores(text, Script::Latn, 100)[0].language;
    assert_eq!((best("abc"), best("cab")), ("en", "de"));
}

fn declared(text: &str, tag: &str) -> Option<&'static str> {
    with_declared(&read(text), Some(tag)).map(|guess| guess.language)
}

const DANISH: &str = "Havnemyndigheden sagde mandag, at den nordlige mole havde flyttet sig igen.";
const CROATIAN: &str = "Ministar je rekao da će radovi na cesti početi sljedeći tjedan u općini.";

#[test]
fn a_declared_language_stands_where_the_text_agrees() {
    assert_eq!(declared(DANISH, "da-DK"), Some("da"));
    assert_eq!(declared("A autoridade portuária disse que o molhe se moveu.", "pt-BR"), Some("pt"));
    assert_eq!(declared("港务局周一表示", "zh_Hans_CN"), Some("zh"));
}

#[test]
fn a_declared_language_stands_among_close_relatives() {
    for tag in ["hr", "bs"] {
        assert_eq!(declared(CROATIAN, tag), canonical(tag), "{tag}");
    }
    let text = "Jalan raya itu akan dibuka untuk semua orang pada bulan ini.";
    assert_eq!((declared(text, "ms"), declared(text, "id")), (Some("ms"), Some("id")));
}

#[test]
fn a_declared_language_loses_against_a_clear_text_or_its_script() {
    for tag in ["en", "fi", "ru", "ja", "el", "x-default", ""] {
        assert_eq!(declared(DANISH, tag), Some("da"), "{tag}");
    }
}

#[test]
fn a_declared_language_that_is_no_candidate_stands_where_its_kin_is_told() {
    let galician = "A autoridade portuaria dixo o luns que o peirao do norte se moveu outra vez.";
    assert_eq!(declared(galician, "gl"), Some("gl"));
    assert_eq!(declared(DANISH, "gl"), Some("da"));
}

#[test]
fn a_short_text_is_in_its_declared_language_if_the_script_fits() {
    assert_eq!(declared("Goal!", "en"), Some("en"));
    assert_eq!(declared("Goal!", "ru"), None);
    assert_eq!(declared("2024", "en"), None);
}

#[test]
fn tags_are_reduced_to_a_code_of_two_letters() {
    let tags = [("nb-NO", "no"), ("NN", "nn"), ("iw", "he"), ("pt_BR", "pt"), ("fil", "tl")];
    for (tag, code) in tags {
        assert_eq!(canonical(tag), Some(code), "{tag}");
    }
    for tag in ["", "-", "english", "qq", "٣", "x-default"] {
        assert_eq!(canonical(tag), None, "{tag:?}");
    }
}

proptest! {
    #[test]
    fn any_text_gives_a_sure_or_unsure_answer(text in any::<String>(), tag in any::<String>()) {
        let reading = read(&text);
        for guess in [reading.guess(), with_declared(&reading, Some(&tag))].into_iter().flatten() {
            prop_assert!((0.0..=1.0).contains(&guess.confidence), "{guess:?}");
        }
    }

    #[test]
    fn any_bytes_are_a_table_or_refused(mut bytes in any::<Vec<u8>>()) {
        bytes.splice(0..0, *table::MAGIC);
        prop_assert!(Table::parse(bytes.leak()).is_err());
    }
}
