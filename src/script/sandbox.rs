//! Makes the virtual machine of one script: what is in it, and nothing else. Everything is an allow-list,
//! so that a new version of Luau brings no new door.

use std::rc::Rc;

use mlua::{Function, Lua, LuaOptions, StdLib, Table, chunk::ChunkMode, chunk::Compiler};

use super::{limits::ScriptLimits, meter::Meter};

const PRELUDE: &str = include_str!("prelude.luau");

/// Global functions. Absent: _G, print, require, loadstring, getfenv, setfenv, collectgarbage, gcinfo, newproxy.
const GLOBALS: [&str; 20] = [
    "assert",
    "error",
    "getmetatable",
    "ipairs",
    "next",
    "pairs",
    "pcall",
    "rawequal",
    "rawget",
    "rawlen",
    "rawset",
    "select",
    "setmetatable",
    "tonumber",
    "tostring",
    "type",
    "typeof",
    "unpack",
    "xpcall",
    "_VERSION",
];

/// Libraries, and what of each; an empty list is all of it. Absent: os, io, debug, coroutine, and randomness.
const LIBRARIES: [(&str, &[&str]); 7] = [
    (
        "math",
        &[
            "abs", "acos", "asin", "atan", "atan2", "ceil", "clamp", "cos", "cosh", "deg", "exp", "floor", "fmod",
            "frexp", "huge", "isfinite", "isinf", "isnan", "ldexp", "lerp", "log", "log10", "map", "max", "min",
            "modf", "noise", "pi", "pow", "rad", "round", "sign", "sin", "sinh", "sqrt", "tan", "tanh",
        ],
    ),
    (
        "string",
        &[
            "byte", "char", "find", "format", "gmatch", "gsub", "len", "lower", "match", "rep", "reverse", "split",
            "sub", "upper",
        ],
    ),
    (
        "table",
        &[
            "clear", "clone", "concat", "create", "find", "freeze", "insert", "isfrozen", "move", "pack", "remove",
            "sort", "unpack",
        ],
    ),
    ("bit32", &[]),
    ("buffer", &[]),
    ("utf8", &["char", "charpattern", "codepoint", "codes", "len", "offset"]),
    ("vector", &[]),
];

/// Functions that the compiler would otherwise turn into an instruction: one that the prelude replaces, or
/// one whose work grows with its argument and must pass the meter.
const NO_INSTRUCTION: [&str; 12] = [
    "pcall",
    "xpcall",
    "next",
    "tonumber",
    "tostring",
    "unpack",
    "string.byte",
    "string.char",
    "string.format",
    "string.len",
    "string.sub",
    "table.unpack",
];

/// More than the values that the room ever holds of one machine at once.
const REFERENCES: usize = 64;

/// A machine with its meter, and the prelude's ways to call a script.
pub(super) struct Sandbox {
    pub(super) lua: Lua,
    pub(super) meter: Rc<Meter>,
    /// Calls a function with one value.
    pub(super) called: Function,
    /// Makes the entry for bars of an `on_bar`.
    pub(super) bar_entry: Function,
    /// Makes the list that `targets` gets.
    pub(super) score_list: Function,
}

impl Sandbox {
    /// Makes an empty sandbox for the script of this name.
    pub(super) fn new(script: &str, limits: ScriptLimits) -> mlua::Result<Self> {
        let libraries = StdLib::MATH
            | StdLib::STRING
            | StdLib::TABLE
            | StdLib::BIT
            | StdLib::BUFFER
            | StdLib::UTF8
            | StdLib::VECTOR;
        let lua = Lua::new_with(libraries, LuaOptions::new().catch_rust_panics(false))?;
        lua.gc_stop();
        let globals = lua.globals();
        keep_allowed(&globals)?;
        // Room for references, so that values come out even while the script leaves no memory.
        drop((0..REFERENCES).map(|_| lua.create_table()).collect::<mlua::Result<Vec<Table>>>()?);
        let meter = Rc::new(Meter::new(script, limits, lua.used_memory()));
        let (fault_meter, watch_meter, tick_meter) = (Rc::clone(&meter), Rc::clone(&meter), Rc::clone(&meter));
        let fault = lua.create_function(move |lua, kind: u8| fault_meter.fault(lua, kind))?;
        let watch = lua.create_function(move |lua, ()| watch_meter.watch(lua))?;
        let prelude = lua.load(PRELUDE).set_name("=prelude").set_mode(ChunkMode::Text).set_compiler(compiler());
        globals.raw_set("_G", &globals)?;
        let (called, bar_entry, score_list): (Function, Function, Function) = prelude.call((fault, watch))?;
        globals.raw_set("_G", mlua::Nil)?;
        lua.sandbox(true)?;
        lua.gc_collect()?;
        lua.gc_stop();
        lua.set_interrupt(move |lua| tick_meter.tick(lua));
        Ok(Self { lua, meter, called, bar_entry, score_list })
    }

    /// Compiles a script.
    pub(super) fn compile(&self, script: &str, text: &str) -> mlua::Result<Function> {
        self.meter.admit(&self.lua)?;
        let chunk = self.lua.load(text).set_name(format!("={script}")).set_mode(ChunkMode::Text);
        chunk.set_compiler(compiler()).into_function()
    }
}

fn compiler() -> Compiler {
    Compiler::new().set_disabled_builtins(NO_INSTRUCTION)
}

/// Removes every global and every library function that is not on the lists.
fn keep_allowed(globals: &Table) -> mlua::Result<()> {
    let keys = |table: &Table| {
        table.pairs::<String, mlua::Value>().map(|pair| pair.map(|(key, _)| key)).collect::<mlua::Result<Vec<String>>>()
    };
    let names = keys(globals)?;
    for name in names {
        let listed = LIBRARIES.iter().find(|(library, _)| *library == name);
        if let Some((_, allowed)) = listed.filter(|(_, allowed)| !allowed.is_empty()) {
            let library: Table = globals.raw_get(name.as_str())?;
            let functions = keys(&library)?;
            for function in functions.iter().filter(|function| !allowed.contains(&function.as_str())) {
                library.raw_set(function.as_str(), mlua::Nil)?;
            }
        } else if listed.is_none() && !GLOBALS.contains(&name.as_str()) {
            globals.raw_set(name.as_str(), mlua::Nil)?;
        }
    }
    Ok(())
}
