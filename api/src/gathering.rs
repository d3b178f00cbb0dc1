//! What many requests want of the database at once, done together.
//!
//! While one handful is being done the next one gathers. A request that comes alone waits for nobody, and in a storm a handful
//! costs hardly more than one of them would. Each request waits for its own answer, which it gets when its work has been
//! committed and not before.

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};
use wolo_database::Error;

use crate::problem::{Code, Problem, chain};

/// Done at once.
const HANDFUL: usize = 64;
/// Waiting for their turn; whoever comes then waits to wait.
const QUEUE: usize = 1024;

type Asked<Q, A> = (Q, oneshot::Sender<Result<A, Problem>>);

/// One kind of work. It ends when nobody can ask for it any more.
pub(crate) struct Gathering<Q, A> {
    queue: mpsc::Sender<Asked<Q, A>>,
}

impl<Q, A> Gathering<Q, A>
where
    Q: Clone + Send + Sync + 'static,
    A: Send + 'static,
{
    /// `work` answers each question of a handful, in their order.
    pub(crate) fn of<Work, Answers>(work: Work) -> Self
    where
        Work: Fn(Arc<[Q]>) -> Answers + Send + Sync + 'static,
        Answers: Future<Output = Result<Vec<A>, Error>> + Send,
    {
        let (queue, mut asked) = mpsc::channel::<Asked<Q, A>>(QUEUE);
        tokio::spawn(async move {
            let mut handful = Vec::new();
            while asked.recv_many(&mut handful, HANDFUL).await > 0 {
                // Who has stopped waiting comes again.
                handful.retain(|(_, waits)| !waits.is_closed());
                if handful.is_empty() {
                    continue;
                }
                let (questions, waiting): (Vec<_>, Vec<_>) = handful.drain(..).unzip();
                let answers = answer(&work, questions.into()).await;
                for (waits, answer) in waiting.into_iter().zip(answers) {
                    let _ = waits.send(answer);
                }
            }
        });
        Self { queue }
    }

    pub(crate) async fn ask(&self, question: Q) -> Result<A, Problem> {
        let (waits, answer) = oneshot::channel();
        let asked = self.queue.send((question, waits)).await;
        asked.map_err(|_| Problem::new(Code::Internal))?;
        answer.await.map_err(|_| Problem::new(Code::Internal))?
    }
}

async fn answer<Q, A, Work, Answers>(work: &Work, questions: Arc<[Q]>) -> Vec<Result<A, Problem>>
where
    Q: Clone,
    Work: Fn(Arc<[Q]>) -> Answers,
    Answers: Future<Output = Result<Vec<A>, Error>>,
{
    let count = questions.len();
    match work(Arc::clone(&questions)).await {
        Ok(answers) => answers.into_iter().map(Ok).collect(),
        // The one that cannot be done must not take the others with it.
        Err(error) if count > 1 && !error.may_pass() => {
            tracing::warn!(cause = chain(&error), count, "a handful failed, so each is done alone");
            let mut answers = Vec::with_capacity(count);
            for question in questions.iter() {
                let alone = work(Arc::new([question.clone()])).await.map_err(Problem::from);
                answers.push(alone.and_then(|mut one| one.pop().ok_or_else(|| Problem::new(Code::Internal))));
            }
            answers
        }
        Err(error) => {
            let problem = Problem::from(error);
            (0..count).map(|_| Err(problem.clone())).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use futures::future::join_all;
    use tokio::sync::Semaphore;

    use super::*;

    #[tokio::test]
    async fn what_comes_while_others_are_done_is_done_together() {
        let (handfuls, gate) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Semaphore::new(0)));
        let doubled = Gathering::of({
            let (handfuls, gate) = (Arc::clone(&handfuls), Arc::clone(&gate));
            move |numbers: Arc<[u32]>| {
                handfuls.lock().unwrap().push(numbers.len());
                let gate = Arc::clone(&gate);
                async move {
                    gate.acquire().await.unwrap().forget();
                    Ok(numbers.iter().map(|number| number * 2).collect())
                }
            }
        });
        let all = join_all((0..5).map(|number| doubled.ask(number)));
        let opening = async {
            while handfuls.lock().unwrap().is_empty() {
                tokio::task::yield_now().await;
            }
            gate.add_permits(5);
        };
        let (answers, ()) = tokio::join!(all, opening);
        let answers: Vec<u32> = answers.into_iter().map(Result::unwrap).collect();
        assert_eq!(answers, [0, 2, 4, 6, 8], "everybody gets their own");
        let handfuls = handfuls.lock().unwrap();
        assert_eq!(handfuls.iter().sum::<usize>(), 5);
        assert!(handfuls.len() <= 2, "{handfuls:?}");
    }

    #[tokio::test]
    async fn one_that_cannot_be_done_fails_alone() {
        let gate = Arc::new(Semaphore::new(0));
        let picky = Gathering::of({
            let gate = Arc::clone(&gate);
            move |numbers: Arc<[u32]>| {
                let gate = Arc::clone(&gate);
                async move {
                    drop(gate.acquire().await);
                    let bad = || Error::Conflict { rule: "no_thirteen".to_owned() };
                    if numbers.contains(&13) { Err(bad()) } else { Ok(numbers.to_vec()) }
                }
            }
        });
        let all = join_all([1, 13, 2].map(|number| picky.ask(number)));
        let (answers, ()) = tokio::join!(all, async { gate.add_permits(1) });
        assert_eq!(answers.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false, true]);
    }
}
