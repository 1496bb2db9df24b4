//! One order: an account, the proof that each name is ours, and the certificate.

use std::{sync::Arc, time::Duration};

use instant_acme::{
    Account, AuthorizationHandle, AuthorizationStatus, ChallengeType, Identifier, NewAccount,
    NewOrder, Order, OrderStatus, RetryPolicy,
};
use rcgen::{CertificateParams, DistinguishedName, KeyPair};

use super::{
    Acme, AcmeChallenge, Challenges,
    authority::AuthorityClient,
    challenges::Offer,
    fault::{Failed, Fault},
    folder::{AccountRecord, Folder},
};
use crate::store::ErrorChain;

/// How often and how long it is asked whether a name is proven: validation from several places at
/// once takes Let's Encrypt some seconds.
const POLLING: RetryPolicy = RetryPolicy::new()
    .initial_delay(Duration::from_millis(200))
    .backoff(1.5)
    .timeout(Duration::from_secs(120));

/// The account that is kept, or a new one.
pub(super) async fn account(
    acme: &Acme,
    folder: &Folder,
    client: &AuthorityClient,
) -> Result<Account, Failed> {
    let kept = folder.read_account().filter(|record| record.directory == acme.directory.as_str());
    let Some(AccountRecord { email, credentials, .. }) = kept else {
        return register(acme, folder, client).await;
    };
    let builder = Account::builder_with_http(Box::new(client.clone()));
    if email == acme.email {
        return Ok(builder.from_credentials(credentials).await?);
    }
    // Credentials cannot be copied; what is written below is read again.
    let account = builder.from_credentials(credentials).await?;
    let contact = contact(acme);
    let contact: Vec<&str> = contact.iter().map(String::as_str).collect();
    account.update_contacts(&contact).await?;
    if let Some(record) = folder.read_account() {
        let record = AccountRecord { email: acme.email.clone(), ..record };
        folder.write_account(&record).map_err(|error| storage(&error))?;
    }
    Ok(account)
}

/// A new account in place of the one that is kept, if there is one.
pub(super) async fn register(
    acme: &Acme,
    folder: &Folder,
    client: &AuthorityClient,
) -> Result<Account, Failed> {
    let contact = contact(acme);
    let contact: Vec<&str> = contact.iter().map(String::as_str).collect();
    // The operator accepts the terms by choosing this mode; `--help` and the documentation say so.
    let terms_of_service_agreed = true;
    let wish =
        NewAccount { contact: &contact, terms_of_service_agreed, only_return_existing: false };
    let directory = acme.directory.as_str().to_owned();
    let (account, credentials) = Account::builder_with_http(Box::new(client.clone()))
        .create(&wish, directory.clone(), None)
        .await?;
    let record = AccountRecord { directory, email: acme.email.clone(), credentials };
    folder.write_account(&record).map_err(|error| storage(&error))?;
    Ok(account)
}

/// A key and a chain for it, in PEM.
pub(super) async fn certificate(
    account: &Account,
    acme: &Acme,
    challenges: &Arc<Challenges>,
) -> Result<String, Failed> {
    let identifiers: Vec<_> = acme.domains.iter().cloned().map(Identifier::Dns).collect();
    let mut order = account.new_order(&NewOrder::new(&identifiers)).await?;
    let mut offers = Vec::new();
    let mut authorizations = order.authorizations();
    while let Some(authorization) = authorizations.next().await {
        offers.extend(prove(authorization?, acme.challenge, challenges).await?);
    }
    let polled = order.poll_ready(&POLLING).await;
    drop(offers);
    match polled {
        Ok(OrderStatus::Ready | OrderStatus::Valid) => {}
        Ok(status) => {
            let refused = Failed::new(Fault::AuthorityFailed, format!("order is {status:?}"));
            return Err(why_refused(&mut order).await.unwrap_or(refused));
        }
        Err(error) => return Err(why_refused(&mut order).await.unwrap_or_else(|| error.into())),
    }
    let unusable = |error: rcgen::Error| Failed::new(Fault::Unusable, error.to_string());
    let mut params = CertificateParams::new(acme.domains.clone()).map_err(unusable)?;
    params.distinguished_name = DistinguishedName::new();
    let key = KeyPair::generate().map_err(unusable)?;
    let request = params.serialize_request(&key).map_err(unusable)?;
    order.finalize_csr(request.der()).await?;
    let chain = order.poll_certificate(&POLLING).await?;
    Ok(format!("{}{chain}", key.serialize_pem()))
}

/// Makes the answer for one name available and tells the authority. `None` if it has been convinced
/// before.
async fn prove(
    mut authorization: AuthorizationHandle<'_>,
    kind: AcmeChallenge,
    challenges: &Arc<Challenges>,
) -> Result<Option<Offer>, Failed> {
    let name = authorization.identifier().to_string();
    match authorization.status {
        AuthorizationStatus::Valid => return Ok(None),
        AuthorizationStatus::Pending => {}
        status @ (AuthorizationStatus::Invalid
        | AuthorizationStatus::Revoked
        | AuthorizationStatus::Expired
        | AuthorizationStatus::Deactivated) => {
            let detail = format!("authorization is {status:?}");
            return Err(Failed { name: Some(name), ..Failed::new(Fault::AuthorityFailed, detail) });
        }
    }
    let Some(mut challenge) = authorization.challenge(challenge_type(kind)) else {
        let failed = Failed::new(Fault::ChallengeNotOffered, "no such challenge");
        return Err(Failed { name: Some(name), ..failed });
    };
    let answer = challenge.key_authorization();
    let offer =
        match kind {
            AcmeChallenge::TlsAlpn01 => challenges
                .offer_certificate(&name, answer.digest().as_ref())
                .map_err(|error| Failed::new(Fault::Unusable, ErrorChain(&error).to_string()))?,
            AcmeChallenge::Http01 => challenges.offer_text(&challenge.token, answer.as_str()),
        };
    challenge.set_ready().await.map_err(|error| Failed { name: Some(name), ..error.into() })?;
    Ok(Some(offer))
}

/// What the authority found when it tried; an order itself only says that it failed.
async fn why_refused(order: &mut Order) -> Option<Failed> {
    let mut authorizations = order.authorizations();
    while let Some(authorization) = authorizations.next().await {
        let mut authorization = authorization.ok()?;
        let name = authorization.identifier().to_string();
        let state = authorization.refresh().await.ok()?;
        let problem = state.challenges.iter().find_map(|challenge| challenge.error.as_ref());
        if let Some(problem) = problem {
            return Some(Failed::about(&name, problem));
        }
    }
    None
}

fn challenge_type(kind: AcmeChallenge) -> ChallengeType {
    match kind {
        AcmeChallenge::TlsAlpn01 => ChallengeType::TlsAlpn01,
        AcmeChallenge::Http01 => ChallengeType::Http01,
    }
}

fn contact(acme: &Acme) -> Option<String> {
    acme.email.as_ref().map(|email| format!("mailto:{email}"))
}

fn storage(error: &crate::StoreError) -> Failed {
    Failed::new(Fault::Storage, ErrorChain(error).to_string())
}
