//! The request engine: how upstream sites are asked, by site, within their limits. The only room that names
//! the HTTP client. Knows no bar and no answer's shape.
