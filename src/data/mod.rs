//! Data work: collect what is new, guard its quality, repair what can be derived.
