//! Reading what somebody is known by: a contact, a birth date.

use chrono::NaiveDate;
use wolo_domain::contacts::{Contact, Email};
use wolo_domain::dakar;
use wolo_domain::people::BirthDate;

use crate::fields::Fields;
use crate::problem::Words;
use crate::state::App;

impl Fields {
    pub(crate) fn birth_date(&mut self, field: &str, given: NaiveDate) -> BirthDate {
        let birth_date = BirthDate::new(given);
        if !birth_date.is_possible_on(dakar::day_of(App::now())) {
            self.wrong(
                field,
                Words::new("cette date de naissance n'est pas possible", "this birth date is not possible")
                    .wolof("bésu juddu bii mënul nekk"),
            );
        }
        birth_date
    }

    pub(crate) fn email(&mut self, field: &str, given: Option<&str>) -> Option<Email> {
        let given = given.filter(|text| !text.trim().is_empty())?;
        let email = given.parse().ok();
        if email.is_none() {
            self.wrong(
                field,
                Words::new(
                    "ce n'est pas une adresse e-mail ; écrivez awa@example.sn",
                    "this is not a mail address; write it as awa@example.sn",
                )
                .wolof("lii du adrees e-mail ; bindal awa@example.sn"),
            );
        }
        email
    }

    /// A phone or a mail address, and not both.
    pub(crate) fn contact(&mut self, phone: Option<&str>, email: Option<&str>) -> Option<Contact> {
        let (had_phone, had_email) = (phone.is_some(), email.is_some());
        match (self.phone("phone", phone), self.email("email", email)) {
            (Some(phone), None) if !had_email => Some(Contact::Phone(phone)),
            (None, Some(email)) if !had_phone => Some(Contact::Email(email)),
            (phone, email) => {
                // A contact that is there and wrong has been told of already.
                if had_phone == had_email || (phone.is_none() && email.is_none() && !had_phone && !had_email)
                {
                    self.wrong(
                        "phone",
                        Words::new(
                            "donnez phone ou email, l'un des deux",
                            "give phone or email, one of the two",
                        )
                        .wolof("joxeel phone walla email, benn ci ñaar ñi"),
                    );
                }
                None
            }
        }
    }
}
