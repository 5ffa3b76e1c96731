use std::io::{BufRead, Write};
fn main() {
    let stdin = std::io::stdin();
    let out = std::io::stdout();
    let mut out = std::io::BufWriter::new(out.lock());
    for line in stdin.lock().lines() {
        let line = line.unwrap();
        let (file, url) = line.split_once('\t').unwrap();
        let html = std::fs::read(file).unwrap();
        let url = url::Url::parse(url)
            .unwrap_or_else(|_| url::Url::parse("https://unknown.example/p").unwrap());
        match courant_extract::page(&html,None,&url){
            Ok(p)=>writeln!(out,"{}",serde_json::json!({"file":file,"url":url.as_str(),"text":p.text,"md":p.markdown,"title":p.title,"is_article":p.is_article})).unwrap(),
            Err(e)=>eprintln!("{file}: {e}"),
        }
    }
}
