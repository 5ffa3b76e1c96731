//! Access to the tables, for the crates that keep them: deletion, retention and backup. Whoever
//! only reads and writes articles, claims or the crawler's state takes a handle.

use std::sync::Arc;

use courant_postgres::Session;
use rusqlite::Connection;

use crate::database::{Backend, Database};
use crate::error::Error;

/// The tables of a store. Each operation has a function for a file, and one for a server.
#[derive(Clone)]
pub struct Tables {
    database: Arc<Database>,
}

impl Tables {
    pub(crate) fn of(database: &Arc<Database>) -> Self {
        Self { database: Arc::clone(database) }
    }

    /// Reads the file or the server, and measures it as `operation`. It sees the last writes.
    ///
    /// # Errors
    /// A failure of the back end, or that of the function.
    pub async fn read<T: Send + 'static>(
        &self,
        operation: &'static str,
        in_file: impl FnOnce(&Connection) -> Result<T, Error> + Send + 'static,
        on_server: impl AsyncFnOnce(&mut Session) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.database.read(operation, in_file, on_server).await
    }

    /// Writes in a transaction of the file, or on the server, and measures it as `operation`.
    ///
    /// # Errors
    /// As [`Self::read`]. Nothing was written to a file.
    pub async fn write<T: Send + 'static>(
        &self,
        operation: &'static str,
        in_file: impl FnOnce(&Connection) -> Result<T, Error> + Send + 'static,
        on_server: impl AsyncFnOnce(&mut Session) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.database.write(operation, in_file, on_server).await
    }

    /// Deletes articles as [`Self::write`] writes. `in_file` also returns the numbers of the
    /// articles that it deleted: their vectors leave the memory behind the commit.
    ///
    /// # Errors
    /// As [`Self::write`].
    pub async fn delete<T: Send + 'static>(
        &self,
        operation: &'static str,
        in_file: impl FnOnce(&Connection) -> Result<(T, Vec<u32>), Error> + Send + 'static,
        on_server: impl AsyncFnOnce(&mut Session) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let work = async {
            match &self.database.backend {
                Backend::Sqlite(file) => {
                    let nothing = vec![0.0; self.database.dimension];
                    let deleting = file.write_vectors(in_file, move |(_, numbers), resident| {
                        for number in numbers {
                            resident
                                .set(*number, &nothing)
                                .expect("the dimension is that of the store");
                        }
                    });
                    Ok(deleting.await?.0)
                }
                Backend::Postgres(server) => server.run(on_server).await,
            }
        };
        self.database.timed(operation, work).await
    }

    /// Returns the time, Unix milliseconds.
    pub fn now_ms(&self) -> i64 {
        self.database.now_ms()
    }

    /// Returns the dimension of the vectors.
    pub fn dimension(&self) -> usize {
        self.database.dimension
    }
}
