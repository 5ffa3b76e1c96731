//! One operation of an interface.

use schemars::{JsonSchema, Schema, SchemaGenerator};

/// Makes the schema of a type.
pub(super) type MakeSchema = fn(&mut SchemaGenerator) -> Schema;

/// The method of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Reads.
    Get,
    /// Sends.
    Post,
    /// Changes.
    Patch,
    /// Removes.
    Delete,
}

impl Method {
    /// Returns the method as HTTP has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// The form of a body.
#[derive(Clone, Copy, Debug)]
pub enum Media {
    /// JSON of the type with this schema.
    Json(MakeSchema),
    /// Text of this media type.
    Text(&'static str),
}

impl Media {
    /// JSON of the type `T`.
    pub fn json<T: JsonSchema>() -> Self {
        Self::Json(SchemaGenerator::subschema_for::<T>)
    }
}

/// A parameter that is a field of its own.
#[derive(Clone, Copy, Debug)]
pub(super) struct Filter {
    pub(super) name: &'static str,
}

/// A following request, whose parameters the answer with `status` tells.
#[derive(Clone, Copy, Debug)]
pub(super) struct Link {
    pub(super) status: u16,
    pub(super) operation: &'static str,
    pub(super) parameters: &'static [(&'static str, &'static str)],
}

/// One operation: a method at a path, its parameters, and its answers.
#[derive(Clone, Debug)]
pub struct Operation {
    pub(super) method: Method,
    pub(super) path: &'static str,
    pub(super) id: &'static str,
    pub(super) summary: &'static str,
    pub(super) parameters: Option<MakeSchema>,
    pub(super) filters: Vec<Filter>,
    pub(super) bodies: Vec<Media>,
    pub(super) answers: Vec<(u16, Option<Media>)>,
    pub(super) links: Vec<Link>,
}

impl Operation {
    /// Describes `GET path`. `id` is a name for clients that are generated.
    pub fn get(path: &'static str, id: &'static str, summary: &'static str) -> Self {
        Self::new(Method::Get, path, id, summary)
    }

    /// Describes `POST path`.
    pub fn post(path: &'static str, id: &'static str, summary: &'static str) -> Self {
        Self::new(Method::Post, path, id, summary)
    }

    /// Describes `PATCH path`.
    pub fn patch(path: &'static str, id: &'static str, summary: &'static str) -> Self {
        Self::new(Method::Patch, path, id, summary)
    }

    /// Describes `DELETE path`.
    pub fn delete(path: &'static str, id: &'static str, summary: &'static str) -> Self {
        Self::new(Method::Delete, path, id, summary)
    }

    fn new(method: Method, path: &'static str, id: &'static str, summary: &'static str) -> Self {
        let (parameters, filters) = (None, Vec::new());
        let (bodies, answers, links) = (Vec::new(), Vec::new(), Vec::new());
        Self { method, path, id, summary, parameters, filters, bodies, answers, links }
    }

    /// Takes the members of `T` as parameters of the URL.
    #[must_use]
    pub fn parameters<T: JsonSchema>(self) -> Self {
        Self { parameters: Some(SchemaGenerator::subschema_for::<T>), ..self }
    }

    /// Takes further parameters of text.
    #[must_use]
    pub fn filters(mut self, names: &[&'static str]) -> Self {
        self.filters.extend(names.iter().map(|name| Filter { name }));
        self
    }

    /// Takes a body of this form, or of another one named before.
    #[must_use]
    pub fn body(mut self, media: Media) -> Self {
        self.bodies.push(media);
        self
    }

    /// Answers with this status in this form, or in another one named before.
    #[must_use]
    pub fn answer(mut self, status: u16, media: Media) -> Self {
        self.answers.push((status, Some(media)));
        self
    }

    /// Answers with this status and without a body.
    #[must_use]
    pub fn answer_empty(mut self, status: u16) -> Self {
        self.answers.push((status, None));
        self
    }

    /// Names a request that may follow the answer with `status`: the id of its operation, and its
    /// parameters with the places of their values, as OpenAPI writes them.
    #[must_use]
    pub fn link(
        mut self,
        status: u16,
        operation: &'static str,
        parameters: &'static [(&'static str, &'static str)],
    ) -> Self {
        self.links.push(Link { status, operation, parameters });
        self
    }

    /// Returns the method.
    pub fn method(&self) -> Method {
        self.method
    }

    /// Returns the path, with its variable parts in braces.
    pub fn path(&self) -> &'static str {
        self.path
    }
}
