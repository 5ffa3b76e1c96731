//! The spool's thread. It alone touches the file; whatever has gathered while it
//! wrote is written in one transaction next, so that one flush to the disk serves
//! many.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::{mpsc, oneshot, watch};

use super::tables::Tables;
use crate::error::SpoolError;
use crate::shared::Shared;
use crate::stages::Stream;

/// Jobs that may wait; whoever brings more waits with them.
const WAITING: usize = 1024;
/// Jobs in one transaction.
const TOGETHER: usize = 256;

pub(super) struct Spool {
    orders: mpsc::Sender<Order>,
    ended: watch::Receiver<bool>,
    /// Per stream, changes when its consumers may find messages, or find them at
    /// another time.
    wakers: Arc<HashMap<Stream, watch::Sender<u64>>>,
}

enum Order {
    Run(Box<dyn Job>),
    Rewrite(oneshot::Sender<Result<(), SpoolError>>),
    End,
}

/// Something done to the tables. It may be done twice: the first time in a
/// transaction that fails for another's sake.
trait Job: Send {
    fn run(&mut self, tables: &mut Tables) -> rusqlite::Result<()>;
    fn finish(self: Box<Self>, committed: Result<(), SpoolError>);
}

struct Task<F, T> {
    work: F,
    result: Option<T>,
    reply: oneshot::Sender<Result<T, SpoolError>>,
}

impl<F, T> Job for Task<F, T>
where
    F: FnMut(&mut Tables) -> rusqlite::Result<T> + Send,
    T: Send,
{
    fn run(&mut self, tables: &mut Tables) -> rusqlite::Result<()> {
        self.result = Some((self.work)(tables)?);
        Ok(())
    }

    fn finish(self: Box<Self>, committed: Result<(), SpoolError>) {
        let Self { result, reply, .. } = *self;
        let _asker_left = reply.send(committed.and_then(|()| result.ok_or(SpoolError::Closed)));
    }
}

impl Spool {
    /// Starts the thread, and waits until it has opened the file.
    pub(super) fn open(shared: Arc<Shared>, path: PathBuf) -> Result<Self, SpoolError> {
        let (orders, taken) = mpsc::channel(WAITING);
        let (opened, open) = std::sync::mpsc::sync_channel(1);
        let (end, ended) = watch::channel(false);
        let streams = shared.table.streams().iter();
        let wakers: HashMap<_, _> = streams.map(|one| (*one, watch::Sender::new(0))).collect();
        let wakers = Arc::new(wakers);
        let waking = Arc::clone(&wakers);
        let work = move || {
            match Tables::open(shared, &path) {
                Ok(tables) => {
                    let _opener_left = opened.send(Ok(()));
                    Writer { tables, wakers: waking }.work(taken);
                }
                Err(error) => {
                    let _opener_left = opened.send(Err(error));
                }
            }
            end.send_replace(true);
        };
        let thread = std::thread::Builder::new().name("courant-spool".to_owned());
        thread.spawn(work).map_err(|error| SpoolError::Thread(Arc::new(error)))?;
        open.recv().map_err(|_| SpoolError::Closed)??;
        Ok(Self { orders, ended, wakers })
    }

    /// Does `work` on the tables; returns once it is committed.
    pub(super) async fn run<T, F>(&self, work: F) -> Result<T, SpoolError>
    where
        T: Send + 'static,
        F: FnMut(&mut Tables) -> rusqlite::Result<T> + Send + 'static,
    {
        let (reply, result) = oneshot::channel();
        let job = Box::new(Task { work, result: None, reply });
        self.orders.send(Order::Run(job)).await.map_err(|_| SpoolError::Closed)?;
        result.await.map_err(|_| SpoolError::Closed)?
    }

    /// Writes the file anew, behind what was asked before. Messages wait meanwhile.
    pub(super) async fn rewrite(&self) -> Result<(), SpoolError> {
        let (reply, result) = oneshot::channel();
        self.orders.send(Order::Rewrite(reply)).await.map_err(|_| SpoolError::Closed)?;
        result.await.map_err(|_| SpoolError::Closed)?
    }

    pub(super) fn woken(&self, stream: Stream) -> watch::Receiver<u64> {
        self.wakers[&stream].subscribe()
    }

    /// Waits until all is done and the file is closed.
    pub(super) async fn close(&self) {
        let _ended_already = self.orders.send(Order::End).await;
        let mut ended = self.ended.clone();
        let _thread_gone = ended.wait_for(|ended| *ended).await;
    }
}

struct Writer {
    tables: Tables,
    wakers: Arc<HashMap<Stream, watch::Sender<u64>>>,
}

impl Writer {
    /// Until told to end, or until nobody is left who could order anything.
    fn work(mut self, mut orders: mpsc::Receiver<Order>) {
        let mut gathered = Vec::with_capacity(TOGETHER);
        while orders.blocking_recv_many(&mut gathered, TOGETHER) > 0 {
            let mut jobs = Vec::with_capacity(gathered.len());
            for order in gathered.drain(..) {
                match order {
                    Order::Run(job) => jobs.push(job),
                    Order::Rewrite(reply) => {
                        self.commit(std::mem::take(&mut jobs));
                        let _asker_left = reply.send(self.tables.rewrite().map_err(Into::into));
                    }
                    // Orders given before are still received.
                    Order::End => orders.close(),
                }
            }
            self.commit(jobs);
        }
    }

    /// All in one transaction; where that fails, each in its own, so that one
    /// which cannot be done does not spoil the others.
    fn commit(&mut self, mut jobs: Vec<Box<dyn Job>>) {
        let together =
            self.tables.transaction(|tables| jobs.iter_mut().try_for_each(|job| job.run(tables)));
        match together {
            Ok(()) => jobs.into_iter().for_each(|job| job.finish(Ok(()))),
            Err(error) if jobs.len() == 1 => {
                jobs.into_iter().for_each(|job| job.finish(Err(error.clone())));
            }
            Err(_) => {
                for mut job in jobs {
                    let alone = self.tables.transaction(|tables| job.run(tables));
                    // The next one that fails would forget whom this one touched.
                    self.wake();
                    job.finish(alone);
                }
            }
        }
        self.wake();
    }

    /// Wakes the consumers of streams that may have something for them.
    fn wake(&mut self) {
        for stream in self.tables.take_touched() {
            self.wakers[&stream].send_modify(|count| *count += 1);
        }
    }
}
