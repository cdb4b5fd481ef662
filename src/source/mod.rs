//! Where bars come from: files and the simulated market. Reads and writes files through `store`.
