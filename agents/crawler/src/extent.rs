//! The choice of sources for a crawl, and how often it reads them.

/// The sources that a crawl reads, and how often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// Reads every source and each of its pages once, even if no look is due.
    Everything,
    /// Reads the sources whose next look is due, once.
    Due,
    /// Reads every source again and again, each when its next look is due.
    Forever,
}
