//! The second process: this binary again under a recorder of the C library's calls, which sees what SQLite and DuckDB
//! do by themselves. The recorder is compiled with the machine's C compiler; where there is none the sweeps that
//! need it are skipped, with their count.

use std::{
    ffi::OsStr,
    fs, io,
    os::unix::{ffi::OsStrExt as _, process::ExitStatusExt as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::change::Change;

/// What tells this binary to play the second process: the part.
pub(crate) const ROLE: &str = "LIGHTHUNTER_SWEEP_ROLE";
/// Where the second process says what it acknowledges, below the root.
pub(crate) const ACKNOWLEDGED: &str = ".acknowledged";

/// The compiled recorder.
pub(crate) struct Shim {
    library: PathBuf,
}

/// What the second process meets.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Meets {
    Nothing,
    Kill(usize),
    Error { at: usize, errno: i32, sticky: bool },
}

/// How the second process ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) changes: Vec<Change>,
    pub(crate) code: Option<i32>,
    pub(crate) signal: Option<i32>,
    pub(crate) said: String,
    /// A change was made to fail.
    pub(crate) fired: bool,
}

impl Shim {
    /// Compiles the recorder; the reason when it cannot be.
    pub(crate) fn compiled() -> Result<Self, String> {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/faults/shim.c");
        let library = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("sweep-{}.so", std::process::id()));
        let mut compiler = Command::new("cc");
        compiler.args(["-O1", "-fPIC", "-shared", "-o"]).arg(&library).arg(&source).args(["-ldl", "-lpthread"]);
        let output = compiler.output().map_err(|error| format!("no C compiler: {error}"))?;
        if output.status.success() {
            return Ok(Self { library });
        }
        Err(format!("the recorder does not compile: {}", String::from_utf8_lossy(&output.stderr)))
    }

    /// Puts the recorder into a process that is about to start.
    pub(crate) fn load(&self, command: &mut Command, root: &Path, log: &Path, meets: Meets) {
        command.env("LD_PRELOAD", &self.library).env("SWEEP_ROOT", root).env("SWEEP_LOG", log);
        match meets {
            Meets::Nothing => {}
            Meets::Kill(at) => drop(command.env("SWEEP_KILL", at.to_string())),
            Meets::Error { at, errno, sticky } => {
                command.env("SWEEP_FAIL", format!("{at} {errno} {}", i32::from(sticky)));
            }
        }
    }

    /// Plays a part in a second process below `root`.
    pub(crate) fn play(&self, role: &str, root: &Path, meets: Meets) -> io::Result<Ended> {
        let log = root.with_extension("log");
        let _ = fs::remove_file(&log);
        let mut command = Command::new(std::env::current_exe()?);
        command.env(ROLE, role).env("RUST_BACKTRACE", "0").stdin(Stdio::null());
        self.load(&mut command, root, &log, meets);
        let output = command.output()?;
        let mut fired = false;
        let changes = parsed(&fs::read(&log)?, &mut fired)?;
        let _ = fs::remove_file(&log);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        Ok(Ended { changes, code: output.status.code(), signal: output.status.signal(), said, fired })
    }
}

impl Drop for Shim {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.library);
    }
}

/// Reads the recorder's log.
pub(crate) fn parsed(mut bytes: &[u8], fired: &mut bool) -> io::Result<Vec<Change>> {
    let mut changes = Vec::new();
    while !bytes.is_empty() {
        let mut head = [0_usize; 5];
        for number in &mut head {
            *number = u64::from_le_bytes(taken(&mut bytes, 8)?.try_into().map_err(io::Error::other)?) as usize;
        }
        let [kind, one, two, number, length] = head;
        let one = PathBuf::from(OsStr::from_bytes(taken(&mut bytes, one)?));
        let two = PathBuf::from(OsStr::from_bytes(taken(&mut bytes, two)?));
        let content = taken(&mut bytes, length)?;
        if one == Path::new(ACKNOWLEDGED) {
            let names = String::from_utf8_lossy(content).into_owned();
            changes.extend(names.lines().map(|name| Change::Acknowledged(name.into())));
            continue;
        }
        if kind == 11 {
            *fired = true;
            continue;
        }
        changes.push(match kind {
            1 => Change::Create(one),
            2 => Change::Write { path: one, offset: number as u64, bytes: content.to_vec() },
            3 => Change::Truncate { path: one, length: number as u64 },
            4 => Change::Sync(one),
            5 => Change::SyncBelow(one),
            6 => Change::Rename { from: one, to: two },
            7 => Change::Link { from: one, to: two },
            8 => Change::Symlink { target: one, link: two },
            9 => Change::Remove(one),
            10 => Change::MakeDirectory(one),
            other => return Err(io::Error::other(format!("a change of kind {other}"))),
        });
    }
    Ok(changes)
}

fn taken<'a>(bytes: &mut &'a [u8], count: usize) -> io::Result<&'a [u8]> {
    let (taken, rest) = bytes.split_at_checked(count).ok_or(io::ErrorKind::UnexpectedEof)?;
    *bytes = rest;
    Ok(taken)
}
