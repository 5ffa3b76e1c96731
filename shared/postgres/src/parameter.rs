//! The parameters of statements, each with its type in Postgres.

use pgvector::HalfVector;
use tokio_postgres::types::{Kind, ToSql, Type};

/// A value whose type in Postgres follows from its own. So a statement with it can be sent
/// without being prepared.
pub trait Parameter: ToSql + Sync {
    /// The type in Postgres.
    fn postgres_type() -> Type
    where
        Self: Sized;

    /// The type in Postgres, of a value behind a pointer.
    fn type_of(&self) -> Type;

    /// The value as the client takes it.
    fn value(&self) -> &(dyn ToSql + Sync);
}

macro_rules! parameters {
    ($([$($generics:tt)*] $rust:ty => $postgres:expr),* $(,)?) => {
        $(impl<$($generics)*> Parameter for $rust {
            fn postgres_type() -> Type {
                $postgres
            }

            fn type_of(&self) -> Type {
                Self::postgres_type()
            }

            fn value(&self) -> &(dyn ToSql + Sync) {
                self
            }
        })*
    };
}

parameters! {
    [] bool => Type::BOOL,
    [] i32 => Type::INT4,
    [] i64 => Type::INT8,
    [] f32 => Type::FLOAT4,
    [] &str => Type::TEXT,
    [] String => Type::TEXT,
    [] &[u8] => Type::BYTEA,
    [] Vec<u8> => Type::BYTEA,
    [] HalfVector => half_vector(),
    [T: Parameter] Option<T> => T::postgres_type(),
    [T: Parameter] &[T] => array_of(&T::postgres_type()),
    [T: Parameter] Vec<T> => array_of(&T::postgres_type()),
}

/// The number of the type differs between databases: without one, the server finds out which is
/// meant.
fn half_vector() -> Type {
    Type::new("halfvec".into(), 0, Kind::Simple, String::new())
}

fn array_of(element: &Type) -> Type {
    match *element {
        Type::BOOL => Type::BOOL_ARRAY,
        Type::INT4 => Type::INT4_ARRAY,
        Type::INT8 => Type::INT8_ARRAY,
        Type::FLOAT4 => Type::FLOAT4_ARRAY,
        Type::TEXT => Type::TEXT_ARRAY,
        Type::BYTEA => Type::BYTEA_ARRAY,
        _ => Type::new(
            format!("_{}", element.name()),
            0,
            Kind::Array(element.clone()),
            String::new(),
        ),
    }
}
