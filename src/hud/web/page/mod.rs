//! The pages as HTML, whole without a script: the frame that all of them share, and one file for each.
//! Pure functions of the facts; nothing here reads a file or a clock.

mod account;
mod data;
mod drill;
mod experiment;
mod model;
mod operation;
mod table;
mod tile;
mod words;

pub(super) use account::accounts;
pub(super) use data::data;
pub(super) use drill::{drill, drills};
pub(super) use experiment::{experiment, experiments};
pub(super) use model::models;
pub(super) use operation::operations;
pub(super) use tile::tiles;

use crate::{
    chart::Markup,
    hud::state::{Facts, Summary},
    text::{Language, Phrase},
};

/// The pages of the navigation.
const PAGES: [(&str, Phrase); 7] = [
    ("/", Phrase::Overview),
    ("/accounts", Phrase::Accounts),
    ("/operations", Phrase::Operations),
    ("/experiments", Phrase::Experiments),
    ("/models", Phrase::Models),
    ("/data", Phrase::Data),
    ("/drills", Phrase::Drills),
];

/// What a page is made from.
#[derive(Debug, Clone, Copy)]
pub(super) struct View<'a> {
    facts: &'a Facts,
    version: u64,
    language: Language,
    hangs: bool,
}

/// Writes the overview.
pub(super) fn overview(facts: &Facts, version: u64, language: Language) -> String {
    View::of(facts, version, language).overview()
}

/// Writes the head of the overview: the worst grade, and when it was looked.
pub(super) fn head(facts: &Facts, language: Language) -> Markup {
    let mut head = Markup::new();
    let class = format!("verdict {}", facts.grade.word());
    head.tag("div", &[("id", "verdict"), ("class", &class), ("data-grade", facts.grade.word())], |place| {
        place.tag("p", &[("class", "grade")], |line| {
            line.leaf("span", &[("class", "sign"), ("aria-hidden", "true")], facts.grade.sign());
            line.text(" ").text(facts.grade.sentence().say(language));
        });
        let shanghai = facts.at.to_zoned(crate::clock::shanghai_zone());
        let at = shanghai.strftime("%Y-%m-%d %H:%M:%S").to_string();
        place.leaf("p", &[("class", "quiet")], &words::fill(Phrase::AsOf, language, &at));
    });
    head
}

/// Writes the page for a path that leads nowhere.
pub(super) fn lost(view: &View<'_>) -> String {
    view.page("", Phrase::NotFound.say(view.language), |main, view| {
        main.leaf("h1", &[], view.say(Phrase::NotFound));
        main.tag("p", &[], |line| {
            line.leaf("a", &[("href", &view.link("/"))], view.say(Phrase::BackToOverview));
        });
    })
}

impl<'a> View<'a> {
    pub(super) const fn of(facts: &'a Facts, version: u64, language: Language) -> Self {
        Self { facts, version, language, hangs: false }
    }

    /// Says on the page that the look at the workspace hangs.
    pub(super) const fn hanging(mut self) -> Self {
        self.hangs = true;
        self
    }

    pub(super) fn overview(&self) -> String {
        self.page("/", self.say(Phrase::Overview), |main, view| {
            main.leaf("h1", &[("class", "hidden")], view.say(Phrase::Overview));
            main.part(&head(view.facts, view.language));
            main.tag("div", &[("class", "tiles")], |grid| {
                for (_, tile) in tiles(view.facts, view.language) {
                    grid.part(&tile);
                }
            });
        })
    }

    fn say(&self, phrase: Phrase) -> &'static str {
        phrase.say(self.language)
    }

    /// Writes an instant with its age.
    fn aged(&self, at: jiff::Timestamp) -> Markup {
        words::aged(at, self.facts.at, self.language)
    }

    /// Returns a path with the language, where it is not the first one.
    fn link(&self, path: &str) -> String {
        link(path, self.language)
    }

    /// Writes a page around its content. `current` is the path of its entry in the navigation.
    fn page(&self, current: &str, title: &str, write: impl FnOnce(&mut Markup, &Self)) -> String {
        let mut page = Markup::new();
        page.raw("<!doctype html>\n").tag("html", &[("lang", self.language.page_tag())], |page| {
            page.tag("head", &[], |head| self.write_head(head, title));
            let version = self.version.to_string();
            let at = self.facts.at.to_string();
            let body = [
                ("data-page", current),
                ("data-lang", self.language.tag()),
                ("data-version", &version),
                ("data-at", &at),
                ("data-ages", &words::age_forms(self.language)),
            ];
            page.tag("body", &body, |body| {
                body.leaf("a", &[("class", "skip"), ("href", "#content")], self.say(Phrase::SkipToContent));
                self.write_top(body, current);
                self.write_banner(body);
                body.tag("main", &[("id", "content"), ("tabindex", "-1")], |main| write(main, self));
                body.raw("<p id=\"news\" class=\"hidden\" role=\"status\" aria-live=\"polite\"></p>");
            });
        });
        page.raw("\n");
        page.finish()
    }

    fn write_head(&self, head: &mut Markup, title: &str) {
        head.raw("<meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">");
        head.raw("<meta name=\"color-scheme\" content=\"light dark\">");
        head.raw("<noscript><meta http-equiv=\"refresh\" content=\"10\"></noscript>");
        head.leaf("title", &[], &format!("{title} · {} · LightHunter", self.facts.workspace));
        head.raw("<link rel=\"icon\" type=\"image/svg+xml\" href=\"/static/icon.svg\">");
        head.raw("<link rel=\"stylesheet\" href=\"/static/hud.css\">");
        head.raw("<script src=\"/static/hud.js\" defer></script>");
    }

    fn write_top(&self, body: &mut Markup, current: &str) {
        body.tag("header", &[("class", "top")], |top| {
            top.tag("p", &[("class", "name")], |name| {
                name.leaf("b", &[], "LightHunter").text(" ").leaf("span", &[], &self.facts.workspace);
            });
            top.tag("nav", &[("aria-label", self.say(Phrase::Pages))], |nav| {
                nav.tag("ul", &[], |list| {
                    for (path, phrase) in PAGES {
                        list.tag("li", &[], |item| self.write_link(item, path, phrase, path == current));
                    }
                });
            });
            let other = match self.language {
                Language::English => Language::Chinese,
                Language::Chinese => Language::English,
            };
            let path = if current.is_empty() { "/" } else { current };
            let href = format!("{path}?lang={other}");
            let attributes = [
                ("class", "language"),
                ("href", href.as_str()),
                ("lang", other.page_tag()),
                ("hreflang", other.page_tag()),
            ];
            top.leaf("a", &attributes, other.own_name());
        });
    }

    fn write_link(&self, place: &mut Markup, path: &str, phrase: Phrase, is_current: bool) {
        let href = self.link(path);
        if is_current {
            place.leaf("a", &[("href", &href), ("aria-current", "page")], self.say(phrase));
        } else {
            place.leaf("a", &[("href", &href)], self.say(phrase));
        }
    }

    /// Writes what is shown when the page is not alive; the script shows the first when events stay away.
    fn write_banner(&self, body: &mut Markup) {
        let lost = self.say(Phrase::ConnectionLost);
        body.leaf("p", &[("id", "lost"), ("class", "banner"), ("role", "alert"), ("hidden", "")], lost);
        if self.hangs {
            body.leaf("p", &[("class", "banner"), ("role", "alert")], self.say(Phrase::LookIsOld));
        }
    }

    /// Writes the head of a page about one fact: its name, its grade, why, from where and how old.
    fn write_fact(&self, main: &mut Markup, phrase: Phrase, summary: &Summary) {
        main.leaf("h1", &[], self.say(phrase));
        self.write_summary(main, summary);
    }

    fn write_summary(&self, place: &mut Markup, summary: &Summary) {
        let class = format!("fact {}", summary.grade.word());
        place.tag("div", &[("class", &class)], |fact| {
            fact.part(&words::badge(summary.grade, self.language));
            words::write_notes(fact, summary, self.language);
            words::write_source(fact, summary, self.language);
        });
    }

    /// Writes a heading of a part of a page.
    fn write_heading(&self, main: &mut Markup, phrase: Phrase) {
        main.leaf("h2", &[], self.say(phrase));
    }
}

/// Returns a path with the language, where it is not the first one.
fn link(path: &str, language: Language) -> String {
    // English is said too: the server may speak Chinese where nothing is said.
    format!("{path}?lang={language}")
}
