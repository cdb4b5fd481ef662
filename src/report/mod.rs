//! Renderers of the drill record: Markdown, HTML, JUnit. They read the record and nothing else.
