//! A panic while the panel is up gives the terminal back. The panel runs in a process of its own, on a terminal of
//! its own: the same test, told by the environment to play that part.

use std::{
    fs::File,
    io::Read as _,
    process::{Command, Stdio},
    sync::mpsc::channel,
    thread,
    time::Duration,
};

use nix::{
    pty::{Winsize, openpty},
    sys::termios::{LocalFlags, tcgetattr},
};

use super::{on_terminal, screen::Screen};
use crate::{hud::state::sample, text::Language};

const PART: &str = "LIGHTHUNTER_TEST_PANEL";
const WORDS: &str = "a planted panic in the middle of a frame";
const LEAVES: &str = "\u{1b}[?1049l";

#[test]
fn a_panic_gives_the_terminal_back() {
    if std::env::var_os(PART).is_some() {
        play();
        return;
    }
    let size = Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 };
    let terminal = openpty(Some(&size), None).expect("a terminal");
    let modes = || tcgetattr(&terminal.slave).expect("a terminal").local_flags;
    let before = modes();
    assert!(before.contains(LocalFlags::ECHO | LocalFlags::ICANON));
    let end = || Stdio::from(terminal.slave.try_clone().expect("a copy"));
    let name = "hud::terminal::panic_tests::a_panic_gives_the_terminal_back";
    let mut child = Command::new(std::env::current_exe().expect("this one"))
        .args([name, "--exact", "--nocapture", "--test-threads=1"])
        .env(PART, "1")
        .env("RUST_BACKTRACE", "0")
        .stdin(end())
        .stdout(end())
        .stderr(end())
        .spawn()
        .expect("it starts");
    // Read all the time: a terminal that nobody reads holds up who writes.
    let (tell, told) = channel();
    let mut master = File::from(terminal.master);
    thread::spawn(move || {
        let mut piece = [0; 4_096];
        while let Ok(read @ 1..) = master.read(&mut piece) {
            if tell.send(piece[..read].to_vec()).is_err() {
                return;
            }
        }
    });
    let status = child.wait().expect("it ends");
    assert!(!status.success(), "the panic is still one");
    assert_eq!(modes(), before, "the modes are as they were");
    let mut shown = Vec::new();
    while let Ok(piece) = told.recv_timeout(Duration::from_secs(1)) {
        shown.extend_from_slice(&piece);
    }
    let shown = String::from_utf8_lossy(&shown);
    let at = |word: &str| shown.find(word).unwrap_or_else(|| panic!("no {word:?} in {shown:?}"));
    let (drawn, left, said) = (at("NightOps"), at(LEAVES), at(WORDS));
    assert!(drawn < left, "the panel was up");
    assert!(left < said, "its words stand on the screen that was there before");
    assert!(at("was raw") < left);
}

/// Brings the panel up and panics.
fn play() {
    let facts = sample::facts();
    let mut screen = Screen::new(Language::English, true);
    let ended = on_terminal(|terminal| {
        terminal.draw(|frame| screen.draw(frame.area(), frame.buffer_mut(), &facts))?;
        let modes = tcgetattr(std::io::stdin())?.local_flags;
        if !modes.contains(LocalFlags::ICANON) {
            std::io::Write::write_all(&mut std::io::stdout(), b"was raw")?;
        }
        terminal.draw(|_| panic!("{WORDS}")).map(drop)
    });
    ended.expect("it does not come here");
}
