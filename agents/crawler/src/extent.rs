//! The extent of a crawl.

/// The sources and pages that a crawl takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// Every source and each of its pages once, whatever was planned.
    Everything,
    /// The sources whose time has come, once.
    Due,
    /// Every source again and again, each in its time.
    Forever,
}
