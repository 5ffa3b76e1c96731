//! Labels texts on request, over HTTP or gRPC, with a configured classifier or one of the
//! analyst's own heads.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use courant_article::ModelRef;
use courant_embedder_client::EmbedderClient;
use courant_inference::{Classifier, ClassifierConfig, Error, Findings, Priority};
use courant_service::{Admission, AgentMetrics, check_count};
use futures::future::try_join_all;

use crate::built_in::BuiltIn;
use crate::classifiers::covers;
use crate::config::BUILT_IN;
use crate::error::{ClassifyError, MAX_TEXT_BYTES};
use crate::{Absent, Analyzer, Classifiers, Config, language};

/// The most texts in one request.
const MAX_TEXTS: usize = 128;
/// The most texts of one request that are handled at the same time: enough to fill batches.
const TEXTS_AT_ONCE: usize = 16;
/// The most texts in a request that counts as urgent. Requests with more texts have the priority
/// of bulk work.
const FEW_TEXTS: usize = 8;

/// A request to classify texts.
#[derive(Debug, Default)]
pub(crate) struct ClassifyRequest {
    pub(crate) model: String,
    pub(crate) texts: Vec<String>,
    /// The language of the texts as ISO 639-1, if the sender knows it.
    pub(crate) language: Option<String>,
}

/// The model that was asked, and for each text its findings or the reason why there are none.
#[derive(Debug)]
pub(crate) struct ClassifyResponse {
    pub(crate) model: ModelRef,
    pub(crate) results: Vec<Result<Findings, Absent>>,
}

/// Answers requests, a bounded number at a time.
#[derive(Clone)]
pub(crate) struct Classify {
    embedder: EmbedderClient,
    classifiers: Classifiers,
    analyzer: Arc<OnceLock<Arc<Analyzer>>>,
    min_confidence: f64,
    admission: Admission,
}

impl Classify {
    /// Creates it. `analyzer` is set as soon as the embedder has given the vectors of the topics'
    /// definitions.
    pub(crate) fn new(
        config: &Config,
        embedder: EmbedderClient,
        classifiers: Classifiers,
        analyzer: Arc<OnceLock<Arc<Analyzer>>>,
        metrics: AgentMetrics,
    ) -> Self {
        let patience = Duration::from_secs(config.request_timeout_s);
        let admission = Admission::new(config.requests, patience, metrics);
        let min_confidence = config.language_min_confidence;
        Self { embedder, classifiers, analyzer, min_confidence, admission }
    }

    /// Returns one result per text, in order.
    pub(crate) async fn classify(
        &self,
        request: ClassifyRequest,
    ) -> Result<ClassifyResponse, ClassifyError> {
        check(&request.texts)?;
        let admitted = self.admission.admit()?;
        let classifying = Box::pin(self.of_model(&request, admitted.deadline()));
        admitted.in_time(classifying).await?
    }

    async fn of_model(
        &self,
        request: &ClassifyRequest,
        deadline: Instant,
    ) -> Result<ClassifyResponse, ClassifyError> {
        if let Some(config) = self.classifiers.models().config(&request.model) {
            return self.configured(config, request, deadline).await;
        }
        if let Some(head) = BuiltIn::named(&request.model) {
            return self.built_in(head, request, deadline).await;
        }
        let configured = self.classifiers.models().configs().map(|config| config.name.as_str());
        let known: Vec<&str> = BUILT_IN.into_iter().chain(configured).collect();
        Err(ClassifyError::Model { asked: request.model.clone(), known: known.join(", ") })
    }

    async fn configured(
        &self,
        config: &ClassifierConfig,
        request: &ClassifyRequest,
        deadline: Instant,
    ) -> Result<ClassifyResponse, ClassifyError> {
        let classifier = self.classifiers.models().get(&config.name).await?;
        let few = request.texts.len() <= FEW_TEXTS;
        let priority = if few { Priority::Query } else { Priority::Bulk };
        let mut results = Vec::with_capacity(request.texts.len());
        for texts in request.texts.chunks(TEXTS_AT_ONCE) {
            let all = texts.iter().map(|text| {
                let covered = covers(config, self.language(request, text));
                found(&classifier, covered, text, priority, deadline)
            });
            results.extend(try_join_all(all).await?);
        }
        Ok(ClassifyResponse { model: classifier.model().clone(), results })
    }

    async fn built_in(
        &self,
        head: BuiltIn,
        request: &ClassifyRequest,
        deadline: Instant,
    ) -> Result<ClassifyResponse, ClassifyError> {
        let analyzer = self.analyzer.get().ok_or(ClassifyError::NotReady)?;
        let mut results = Vec::with_capacity(request.texts.len());
        for text in &request.texts {
            let language = self.language(request, text);
            let found = head.classify(analyzer, &self.embedder, language, text, deadline.into());
            results.push(found.await?);
        }
        Ok(ClassifyResponse { model: head.model(analyzer), results })
    }

    fn language<'a>(&self, request: &'a ClassifyRequest, text: &str) -> Option<&'a str> {
        match &request.language {
            Some(known) => Some(known),
            None => language::detect("", text, None, self.min_confidence).ok(),
        }
    }
}

/// Returns the findings of `classifier` in a text, or the reason in `covered` why there are none.
async fn found(
    classifier: &Classifier,
    covered: Result<(), Absent>,
    text: &str,
    priority: Priority,
    deadline: Instant,
) -> Result<Result<Findings, Absent>, Error> {
    if let Err(absent) = covered {
        return Ok(Err(absent));
    }
    match classifier.classify(text, priority, Some(deadline)).await {
        Ok(found) => Ok(Ok(found.findings)),
        Err(Error::EmptyText { .. }) => Ok(Err(Absent::NoWords)),
        Err(error) => Err(error),
    }
}

fn check(texts: &[String]) -> Result<(), ClassifyError> {
    check_count(texts, MAX_TEXTS)?;
    match texts.iter().position(|text| text.len() > MAX_TEXT_BYTES) {
        Some(index) => Err(ClassifyError::TooLong { index, bytes: texts[index].len() }),
        None => Ok(()),
    }
}
