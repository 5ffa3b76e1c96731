use courant_article::{Decision, Embedding};

use crate::conformance;
use crate::house::{House, id, record};

conformance!(everything_is_there_after_a_restart, a_store_can_be_opened_many_times);

async fn everything_is_there_after_a_restart(house: House) {
    house.put(&[record("a", "Ferry", "The ferry is late.", [1.0, 0.0, 0.0, 0.0])]).await;
    crate::claims::claim(&house, "a", "text", 1, "a.com").await;
    let house = house.reopened().await;
    let vector = Embedding::from_unit(vec![1.0, 0.0, 0.0, 0.0]);
    let near = house.store.articles().nearest(&vector, 10, None).await.unwrap();
    assert_eq!(near.iter().map(|near| near.id).collect::<Vec<_>>(), [id("a")]);
    let again = crate::claims::claim(&house, "a", "text", 2, "a.com").await;
    assert_eq!(again.decision, Decision::Duplicate);
}

async fn a_store_can_be_opened_many_times(mut house: House) {
    for _ in 0..5 {
        house = house.reopened().await;
    }
    house.store.ping().await.unwrap();
}
