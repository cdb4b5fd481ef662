//! Every file says what it is for, no file has a name that says nothing, and no unfinished work or
//! silenced lint is left behind.

use super::source::{Blank, SourceFile, assert_caught, assert_none, blanked, line_of, rust_files};

/// Words that may not stand in code, and what to do instead.
const IN_CODE: [(&str, &str); 7] = [
    ("todo!", "finish it or leave it out"),
    ("unimplemented!", "finish it or leave it out"),
    ("dbg!", "log with tracing"),
    ("assert!(true", "assert something that can fail"),
    ("#[ignore", "make it pass, or assert today's behaviour"),
    ("#[allow(", "#[expect(…, reason = \"…\")]"),
    ("#![allow(", "#[expect(…, reason = \"…\")]"),
];

/// Words that may not stand in comments either.
const IN_COMMENTS: [(&str, &str); 2] = [("FIXME", "mend it or open an issue"), ("XXX", "mend it or open an issue")];

/// Parts of file names that say nothing.
const IN_NAMES: [&str; 6] = ["util", "helper", "manager", "misc", "common", "stuff"];

fn unintroduced(files: &[SourceFile]) -> Vec<String> {
    let silent = files.iter().filter(|file| !file.text.starts_with("//!"));
    silent.map(|file| format!("{}: does not start with `//!`: say what the file is for", file.path)).collect()
}

fn banned(files: &[SourceFile]) -> Vec<String> {
    let mut findings = Vec::new();
    for file in files {
        let code = blanked(&file.text, Blank::StringsAndComments);
        let with_comments = blanked(&file.text, Blank::Strings);
        let places = [(&code, IN_CODE.as_slice()), (&with_comments, IN_COMMENTS.as_slice())];
        for (text, words) in places {
            for (word, instead) in words {
                let found = text.match_indices(word).filter(|(at, _)| !continues_word(text, *at));
                findings.extend(found.map(|(at, _)| format!("{}:{}: {word}: {instead}", file.path, line_of(text, at))));
            }
        }
    }
    findings
}

fn continues_word(text: &str, at: usize) -> bool {
    text[..at].ends_with(|character: char| character.is_alphanumeric() || character == '_')
}

fn empty_names(files: &[SourceFile]) -> Vec<String> {
    let named = |file: &&SourceFile| IN_NAMES.iter().any(|word| file.name().to_lowercase().contains(word));
    files.iter().filter(named).map(|file| format!("{}: name the file after the noun it defines", file.path)).collect()
}

/// Returns Rust files that no `mod` declares: cargo does not compile them, so nothing holds them.
fn undeclared(files: &[SourceFile]) -> Vec<String> {
    let roots = [
        "src/lib.rs",
        "src/main.rs",
        "tests/drill.rs",
        "tests/integration.rs",
        "tests/sweep.rs",
        "build.rs",
        "steps/mod.rs",
    ];
    let declared = |file: &SourceFile| {
        let (folder, module) = match file.path.trim_end_matches(".rs").trim_end_matches("/mod").rsplit_once('/') {
            Some((folder, module)) => (folder.to_owned(), module),
            None => return true,
        };
        let parents = [
            format!("{folder}/mod.rs"),
            format!("{folder}.rs"),
            format!("{folder}/lib.rs"),
            format!("{folder}/integration.rs"),
        ];
        files.iter().filter(|parent| parents.contains(&parent.path)).any(|parent| {
            let code = blanked(&parent.text, Blank::StringsAndComments);
            code.contains(&format!("mod {module};"))
        }) || files.iter().any(|sibling| {
            sibling.path.starts_with(&format!("{folder}/"))
                && sibling.text.contains(&format!("#[path = \"{}\"]", file.name()))
        })
    };
    let orphan = |file: &&SourceFile| {
        !roots.contains(&file.path.as_str()) && !file.path.starts_with("benches/") && !declared(file)
    };
    files.iter().filter(orphan).map(|file| format!("{}: no `mod` declares it", file.path)).collect()
}

#[test]
fn every_file_says_what_it_is_for() {
    assert_none(&unintroduced(&rust_files()));
}

#[test]
fn a_file_without_introduction_is_caught() {
    assert_caught(&unintroduced(&[SourceFile::planted("src/a.rs", "// A note.\nfn a() {}")]), "src/a.rs");
}

#[test]
fn nothing_unfinished_is_left() {
    assert_none(&banned(&rust_files()));
}

#[test]
fn each_banned_word_is_caught() {
    for (word, _) in IN_CODE {
        assert_caught(&banned(&[SourceFile::planted("src/a.rs", &format!("fn a() {{ {word}() }}"))]), word);
        assert_none(&banned(&[SourceFile::planted("src/a.rs", &format!("// {word}\nlet a = \"{word}\";"))]));
    }
    for (word, _) in IN_COMMENTS {
        assert_caught(&banned(&[SourceFile::planted("src/a.rs", &format!("// {word}: later"))]), word);
    }
}

#[test]
fn names_say_something() {
    assert_none(&empty_names(&rust_files()));
}

#[test]
fn an_empty_name_is_caught() {
    for name in ["src/store/utils.rs", "src/config_manager.rs", "steps/TestHelper.rs"] {
        assert_caught(&empty_names(&[SourceFile::planted(name, "")]), name);
    }
}

#[test]
fn every_file_is_compiled() {
    assert_none(&undeclared(&rust_files()));
}

#[test]
fn an_undeclared_file_is_caught() {
    let planted = |text: &str| {
        [
            SourceFile::planted("src/store/mod.rs", text),
            SourceFile::planted("src/lib.rs", "pub mod store;"),
            SourceFile::planted("src/store/table.rs", ""),
        ]
    };
    assert_none(&undeclared(&planted("mod table;")));
    assert_caught(&undeclared(&planted("// mod table;")), "src/store/table.rs");
}
