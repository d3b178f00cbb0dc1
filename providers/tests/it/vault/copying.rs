//! The one copy of the keys: what it gives back, to whom it gives nothing, and from whom it takes nothing.

use wolo_providers::vault::Mirrored;

use super::*;

/// A vault with documents, and the copy of its keys beside it.
struct Copied {
    folders: Folders,
    places: Vec<Place>,
}

impl Copied {
    async fn new() -> Self {
        let folders = Folders::new();
        let places: Vec<_> = (0..3).map(|_| place()).collect();
        let vault = folders.vault().await;
        for place in &places {
            put(&vault, place, &text(place)).await.unwrap();
        }
        let copied = Self { folders, places };
        let mirrored = vault.mirror_keys(copied.copy()).await.unwrap();
        assert_eq!(mirrored, Some(Mirrored { keys: 6, forgotten: 0 }));
        copied
    }

    fn copy(&self) -> StoreAddress {
        let folder = self.folders.0.path().join("copy");
        StoreAddress { url: Url::from_file_path(folder).unwrap(), s3: None }
    }

    /// The same documents, and a store of keys in which there are none.
    async fn without_keys(&self) -> Arc<Vault> {
        fs::remove_dir_all(self.folders.keys()).unwrap();
        self.folders.vault().await
    }
}

#[tokio::test]
async fn keys_that_are_there_as_the_copy_has_them_are_passed_over() {
    let copied = Copied::new().await;
    let vault = copied.without_keys().await;
    assert_eq!(vault.bring_back_keys(copied.copy()).await.unwrap(), Some(6));
    assert_eq!(vault.bring_back_keys(copied.copy()).await.unwrap(), Some(0), "the same once more");
    for place in &copied.places {
        assert_eq!(read(&vault, place).await.unwrap().unwrap(), text(place));
    }
}

#[tokio::test]
async fn keys_of_a_copy_are_not_put_beside_others_and_not_where_some_were_destroyed() {
    let copied = Copied::new().await;
    let vault = copied.folders.vault().await;
    vault.destroy_subject(copied.places[0].subject).await.unwrap();
    assert_eq!(vault.bring_back_keys(copied.copy()).await.unwrap(), None);
    assert_eq!(read(&vault, &copied.places[0]).await.unwrap(), None, "destroyed is destroyed");

    let vault = copied.without_keys().await;
    put(&vault, &Place { document: Uuid::new_v4(), ..copied.places[0] }, b"card").await.unwrap();
    assert_eq!(vault.bring_back_keys(copied.copy()).await.unwrap(), None, "the subject has another key");
    assert_eq!(read(&vault, &copied.places[1]).await.unwrap(), None);
}

#[tokio::test]
async fn keys_whose_way_back_was_interrupted_come_back_when_it_is_gone_again() {
    let copied = Copied::new().await;
    let kept = files(&copied.folders.keys().join("subjects"))[0].clone();
    let key = fs::read(&kept).unwrap();
    let vault = copied.without_keys().await;
    // One of six had come.
    fs::create_dir(kept.parent().unwrap()).unwrap();
    fs::write(&kept, key).unwrap();
    fs::write(copied.folders.keys().join("coming-back"), b"").unwrap();
    assert_eq!(vault.mirror_keys(copied.copy()).await.unwrap(), None, "it is no vault to make a copy of");
    assert_eq!(vault.bring_back_keys(copied.copy()).await.unwrap(), Some(5));
    for place in &copied.places {
        assert_eq!(read(&vault, place).await.unwrap().unwrap(), text(place));
    }
    let mirrored = vault.mirror_keys(copied.copy()).await.unwrap();
    assert_eq!(mirrored, Some(Mirrored { keys: 6, forgotten: 0 }), "now it is one again");
}

#[tokio::test]
async fn a_vault_that_lost_its_keys_takes_none_from_their_copy() {
    let copied = Copied::new().await;
    let vault = copied.without_keys().await;
    assert_eq!(vault.mirror_keys(copied.copy()).await.unwrap(), None);
    assert_eq!(vault.bring_back_keys(copied.copy()).await.unwrap(), Some(6));
}
