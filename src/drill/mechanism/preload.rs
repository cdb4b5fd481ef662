//! A small C library that is loaded before a target's own libraries: compiled by the machine's compiler from
//! the source in `fixtures/faults/`, which this program carries. A statically linked target does not load it;
//! then nothing fires, and that is seen.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use super::{CommandLine, Place, before, tried};
use crate::{
    drill::DrillError,
    durable::{self, DurableError},
};

/// The variable that names the directories in which the loader looks.
const SEARCHED: &str = "LD_LIBRARY_PATH";

/// A library of one run, with the variables that tell it what to do.
#[derive(Debug)]
pub(super) struct Preload {
    library: PathBuf,
    says: PathBuf,
    variables: Vec<(&'static str, String)>,
}

/// The source of a library and the variable that names the file in which it says what it did.
#[derive(Debug, Clone, Copy)]
pub(super) struct Source {
    pub(super) name: &'static str,
    pub(super) text: &'static str,
    pub(super) says: &'static str,
}

impl Preload {
    /// Compiles the library in the scratch directory.
    ///
    /// # Errors
    /// When it cannot be written or does not compile.
    pub(super) fn compiled(
        source: Source,
        place: &Place<'_>,
        mut variables: Vec<(&'static str, String)>,
    ) -> Result<Self, DrillError> {
        let code = place.scratch.join(source.name).with_extension("c");
        let library = code.with_extension("so");
        let says = code.with_extension("said");
        durable::replace(&code, source.text)?;
        let mut compiler = Command::new("cc");
        compiler.args(["-O1", "-fPIC", "-shared", "-o"]).arg(&library).arg(&code).args(["-ldl", "-lpthread"]);
        let output = compiler.output().map_err(|source| DrillError::Start { program: "cc".into(), source })?;
        if !output.status.success() {
            let source = std::io::Error::other(String::from_utf8_lossy(&output.stderr).into_owned());
            return Err(DrillError::Start { program: "cc".into(), source });
        }
        if says.exists() {
            fs::remove_file(&says).map_err(DurableError::at("remove", &says))?;
        }
        variables.push((source.says, says.to_string_lossy().into_owned()));
        Ok(Self { library, says, variables })
    }

    pub(super) fn wrap(&self, inner: CommandLine) -> CommandLine {
        let mut words: Vec<String> = self.variables.iter().map(|(name, value)| format!("{name}={value}")).collect();
        // The loader parts this list at spaces, so a path in it would break in a directory that has one: the bare name
        // is found by the other list, which is parted at colons.
        let name = self.library.file_name().unwrap_or_default();
        words.push(format!("LD_PRELOAD={}", name.to_string_lossy()));
        let directory = self.library.parent().into_iter().map(Path::to_path_buf);
        let others = env::var_os(SEARCHED).unwrap_or_default();
        let others = env::split_paths(&others).filter(|path| !path.as_os_str().is_empty());
        if let Ok(all) = env::join_paths(directory.chain(others)) {
            words.push(format!("{SEARCHED}={}", all.to_string_lossy()));
        }
        before("env", words, inner)
    }

    /// Returns the lines in which it said what it did.
    pub(super) fn said(&self) -> Vec<String> {
        let text = fs::read_to_string(&self.says).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }
}

/// Compiles a library and looks whether a process loads it.
pub(super) fn probe() -> Result<(), String> {
    let room = tempfile::tempdir().map_err(|error| format!("no directory for a library: {error}"))?;
    let place = Place { repo: room.path(), scratch: room.path() };
    let text = "#include <unistd.h>\n__attribute__((constructor)) static void start(void) {\n\
                if (write(1, \"in place\", 8) < 0) _exit(1);\n}\n";
    let source = Source { name: "probe", text, says: "SAYS" };
    let library = Preload::compiled(source, &place, Vec::new())
        .map_err(|error| format!("this machine has no C compiler that works: {error}"))?;
    let (program, words) = library.wrap(("true".into(), Vec::new()));
    let (_, said) = tried(&program.to_string_lossy(), &words)?;
    // The whole answer: the loader's own complaint says "cannot be preloaded".
    if said == "in place" { Ok(()) } else { Err(format!("programs load no library first here: {said}")) }
}
