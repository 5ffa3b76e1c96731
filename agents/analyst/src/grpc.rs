//! The gRPC interface that labels texts.

use courant_inference::{Findings, Label, LabelledSpan};
use courant_proto::v1;
use courant_proto::v1::classifier_server::{Classifier, ClassifierServer};
use courant_service::Refusal;
use tonic::{Request, Response, Status};

use crate::Absent;
use crate::classify::{Classify, ClassifyRequest};
use crate::http::MAX_BODY_BYTES;

/// Returns the service `courant.v1.Classifier`.
pub(crate) fn service(classify: Classify) -> ClassifierServer<Service> {
    ClassifierServer::new(Service(classify)).max_decoding_message_size(MAX_BODY_BYTES)
}

pub(crate) struct Service(Classify);

#[tonic::async_trait]
impl Classifier for Service {
    async fn classify(
        &self,
        request: Request<v1::ClassifyRequest>,
    ) -> Result<Response<v1::ClassifyReply>, Status> {
        let v1::ClassifyRequest { model, texts, language } = request.into_inner();
        let language = (!language.is_empty()).then_some(language);
        let request = ClassifyRequest { model, texts, language };
        let response = self.0.classify(request).await.map_err(Refusal::from)?;
        Ok(Response::new(v1::ClassifyReply {
            model: Some(response.model.into()),
            results: response.results.into_iter().map(classified).collect(),
        }))
    }
}

fn classified(result: Result<Findings, Absent>) -> v1::Classified {
    let mut told = v1::Classified::default();
    match result {
        Ok(Findings::Labels(labels)) => told.labels = labels.into_iter().map(label).collect(),
        Ok(Findings::Spans(spans)) => told.spans = spans.into_iter().map(span).collect(),
        Err(absent) => told.skipped = absent.to_string(),
    }
    told
}

fn label(found: Label) -> v1::Label {
    v1::Label { label: found.label, score: found.score }
}

fn span(found: LabelledSpan) -> v1::LabelledSpan {
    let LabelledSpan { text, label, span, score } = found;
    v1::LabelledSpan { text, label, start: span.start, end: span.end, score }
}
