//! The canary: a secret that every environment of a drill holds, in variables and in a file of its owner, and that no
//! file written by the drill or its target may hold. Searches; judges nothing and writes nothing but the planted file.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::Read as _,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    sync::{LazyLock, Mutex, PoisonError},
    time::SystemTime,
};

use regex::bytes::Regex;

use crate::{
    digest::Digest,
    durable::{self, DurableError},
    record::CanaryRecord,
    store::unpacked,
};

/// The variables that hold it: one of a data source, and two that people have.
pub(super) const VARIABLES: [&str; 3] = ["LIGHTHUNTER_SOURCE_TOKEN", "API_KEY", "AWS_SECRET_ACCESS_KEY"];
/// The file that holds it, relative to an environment's root: readable by its owner alone.
const FILE: &str = "secret/token";
/// How many hex digits its core has: what is in no file by chance, and what every encoding is searched for.
const CORE_DIGITS: usize = 24;
/// A longer file is searched up to here, bytes.
const FILE_BYTES_MAX: u64 = 256 << 20;

/// The part that is searched for. It is made while the program runs, so that no executable holds it.
static CORE: LazyLock<String> = LazyLock::new(|| {
    let digest = Digest::of("the canary of every drill").to_string();
    let digits: String = digest.chars().filter(char::is_ascii_hexdigit).collect();
    digits.chars().rev().take(CORE_DIGITS).collect()
});

/// The core as text of either case, within base64 at each of the three places where it may begin, as hex digits, and
/// in UTF-16.
static FORMS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let core = CORE.as_bytes();
    let mut forms = vec![format!("(?i:{})", *CORE)];
    forms.extend((0..3).map(|lead| within_base64(core, lead)));
    let hex: Vec<String> = core.iter().map(|byte| format!("{byte:02x}")).collect();
    forms.push(format!("(?i:{})", hex.concat()));
    let wide: Vec<String> = core.iter().map(|byte| format!("{}\\x00", char::from(*byte))).collect();
    forms.push(wide.concat());
    Regex::new(&format!("(?-u){}", forms.join("|"))).ok()
});

/// Returns the secret: with signs that an address encodes, so that it is also found where only those were.
pub(super) fn secret() -> String {
    format!("canary+{}/=", *CORE)
}

/// Puts the secret where its owner would keep it.
pub(super) fn plant(root: &Path) -> Result<(), DurableError> {
    let path = root.join(FILE);
    durable::make_directory(path.parent().unwrap_or(root))?;
    durable::replace_with(&path, |file| {
        file.set_permissions(fs::Permissions::from_mode(0o600))?;
        std::io::Write::write_all(file, secret().as_bytes())
    })
}

/// A file that was searched: its name within an environment, its length and when it was written. A copy of an
/// environment keeps all three.
type Mark = (PathBuf, u64, Option<SystemTime>);

/// What was searched and found so far.
#[derive(Debug, Default)]
pub(super) struct Canary(Mutex<Searched>);

#[derive(Debug, Default)]
struct Searched {
    marks: BTreeSet<Mark>,
    hits: BTreeMap<String, usize>,
    files: usize,
}

impl Canary {
    /// Searches every file below an environment's `root`; links are not followed.
    pub(super) fn search(&self, root: &Path) {
        let mut open = vec![root.to_path_buf()];
        while let Some(directory) = open.pop() {
            // What goes while it is looked at was searched before or belongs to who removes it.
            for entry in fs::read_dir(&directory).into_iter().flatten().flatten() {
                let Ok(kind) = entry.file_type() else { continue };
                if kind.is_dir() {
                    open.push(entry.path());
                } else if kind.is_file() {
                    self.search_file(root, &entry.path());
                }
            }
        }
    }

    /// Searches text that is no file yet.
    pub(super) fn search_text(&self, name: &str, text: &str) {
        let mut searched = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        searched.files += 1;
        if holds(text.as_bytes()) {
            *searched.hits.entry(name.to_owned()).or_default() += 1;
        }
    }

    /// Returns what was searched and found.
    pub(super) fn record(&self) -> CanaryRecord {
        let searched = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        CanaryRecord { files: searched.files, hits: searched.hits.keys().cloned().collect() }
    }

    fn search_file(&self, root: &Path, path: &Path) {
        let name = path.strip_prefix(root).unwrap_or(path);
        let Ok(found) = fs::symlink_metadata(path) else { return };
        let mark = (name.to_path_buf(), found.len(), found.modified().ok());
        let is_new = self.0.lock().unwrap_or_else(PoisonError::into_inner).marks.insert(mark);
        // Where it was planted it may be, and nowhere else.
        if name == Path::new(FILE) || !is_new {
            return;
        }
        let mut bytes = Vec::new();
        let read = fs::File::open(path).and_then(|file| file.take(FILE_BYTES_MAX).read_to_end(&mut bytes));
        let hit = read.is_ok() && (holds(&bytes) || holds(&unpacked(path, &bytes)));
        let mut searched = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        searched.files += 1;
        if hit || name.to_string_lossy().contains(CORE.as_str()) {
            *searched.hits.entry(name.display().to_string()).or_default() += 1;
        }
    }
}

fn holds(bytes: &[u8]) -> bool {
    // A pattern of plain letters and digits compiles; were it not so, nothing would count as searched well.
    FORMS.as_ref().is_none_or(|forms| forms.is_match(bytes))
}

/// Returns the letters of base64 that depend on `core` alone where `lead` bytes modulo three come before it.
fn within_base64(core: &[u8], lead: usize) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let whole = core.get((3 - lead) % 3..).unwrap_or_default();
    let mut text = String::new();
    for group in whole.chunks_exact(3) {
        let bits = group.iter().fold(0_usize, |bits, byte| bits << 8 | usize::from(*byte));
        for shift in [18, 12, 6, 0] {
            let letter = LETTERS.get(bits >> shift & 63).copied().unwrap_or_default();
            text.push(char::from(letter));
        }
    }
    text.replace('+', "[-+]").replace('/', "[/_]")
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt as _};

    use super::{CORE, Canary, FILE, VARIABLES, holds, secret};
    use crate::{drill::Environment, durable, seed::Seed};

    /// Returns `text` in base64, by a way of its own.
    fn base64(text: &str) -> String {
        let letters: Vec<char> = ('A'..='Z').chain('a'..='z').chain('0'..='9').chain(['+', '/']).collect();
        let bits: Vec<String> = text.bytes().map(|byte| format!("{byte:08b}")).collect();
        let bits = bits.concat();
        let groups = bits.as_bytes().chunks(6).map(|group| {
            let group = format!("{:0<6}", String::from_utf8_lossy(group));
            letters[usize::from_str_radix(&group, 2).expect("bits")]
        });
        groups.collect()
    }

    #[test]
    fn secret_is_found_in_every_dress_and_nothing_else_is() {
        let secret = secret();
        let encoded = secret.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
        let mut dressed = vec![
            secret.clone().into_bytes(),
            secret.to_uppercase().into_bytes(),
            format!("http://h/?token={encoded}&x").into_bytes(),
            secret.bytes().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().concat().into_bytes(),
            secret.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        ];
        dressed.extend(["", "u", "u:", "hud:"].map(|lead| base64(&format!("{lead}{secret}")).into_bytes()));
        for bytes in &dressed {
            assert!(holds(bytes), "{}", String::from_utf8_lossy(bytes));
        }
        assert!(!holds(b"canary+") && !holds(&CORE.as_bytes()[1..]) && !holds(b""));
    }

    #[test]
    fn planted_leak_is_found_in_plain_packed_and_database_files_and_the_planted_file_is_not_one() {
        use std::io::Write as _;
        let room = tempfile::tempdir().expect("a directory");
        let environment = Environment::create(room.path(), "e01", 0, Seed(1)).expect("made");
        let root = environment.root();
        let mode = fs::metadata(root.join(FILE)).expect("planted").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let variables = environment.variables();
        assert!(VARIABLES.iter().all(|name| variables.get(name).is_some_and(|value| *value == *secret())));
        let canary = Canary::default();
        canary.search(root);
        assert_eq!(canary.record().hits, Vec::<String>::new());
        let write = |name: &str, bytes: &[u8]| durable::replace(&root.join(name), bytes).expect("written");
        write("tmp/a.log", format!("{{\"token\":\"{}\"}}\n", secret()).as_bytes());
        let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
        zlib.write_all(secret().repeat(9).as_bytes()).expect("packed");
        write("tmp/object", &zlib.finish().expect("packed"));
        write(&format!("tmp/{}.txt", *CORE), b"its name");
        write("tmp/innocent", b"nothing");
        {
            // Rows enough for the database to pack them, and a log that is written into the file.
            let database = duckdb::Connection::open(root.join("tmp/a.duckdb")).expect("opened");
            let fill = format!(
                "CREATE TABLE t AS SELECT i, CASE WHEN i = 4000 THEN '{}' ELSE 'row ' || i END AS note FROM range(9000) \
                 r(i); CHECKPOINT",
                secret()
            );
            database.execute_batch(&fill).expect("filled");
        }
        canary.search(root);
        let found = canary.record();
        let expected = [format!("tmp/{}.txt", *CORE), "tmp/a.duckdb".into(), "tmp/a.log".into(), "tmp/object".into()];
        assert_eq!(found.hits, expected, "{found}");
        assert_eq!(found.to_string(), format!("canary: {} files searched, 4 hits", found.files));
        // A copy that is the same is searched once.
        let before = found.files;
        canary.search(environment.copy(room.path(), "e02").expect("copied").root());
        assert_eq!(canary.record().files, before);
    }
}
