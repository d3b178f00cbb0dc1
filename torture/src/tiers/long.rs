//! A night: stories upon stories, with everything happening to everybody at any time.
//!
//! It goes in chapters, each on a stage of its own and judged at its end, so that what was found is near to what it came of.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use anyhow::{Context as _, Result};
use futures::{StreamExt as _, stream};

use crate::boundaries::{self, Boundary};
use crate::chance::Chance;
use crate::havoc::{self, Toll};
use crate::people::People;
use crate::report::{Report, Spread};
use crate::stage::Stage;
use crate::stories::{Scene, Story};
use crate::trial::{self, Turns};
use crate::{judge, mischief};

const AT_ONCE: usize = 20;
/// Deaths in one chapter.
const CHAPTER: u64 = 200;
/// Of a hundred stories so many are told with a boundary armed.
const WITH_A_BOUNDARY: usize = 75;

/// Runs until so many processes have died.
pub async fn long(seed: u64, kills: u64) -> Result<Report> {
    let began = Instant::now();
    let mut report = Report::new("long", seed);
    report.unexercised = boundaries::unexercised();
    let mut sums = Sums::default();
    let mut chapter = 0;
    while sums.deaths < kills {
        let wanted = CHAPTER.min(kills - sums.deaths);
        chapter += 1;
        Box::pin(play(&mut report, &mut sums, Chance::of(seed, chapter), wanted))
            .await
            .with_context(|| format!("in chapter {chapter}"))?;
        let so_far = sums.deaths;
        eprintln!("chapter {chapter}: {so_far} deaths of {kills}, found so far: {}", report.found.len());
        if !report.is_good() {
            break;
        }
    }
    report.recovery_ms = Spread::of(sums.recoveries);
    report.silence_ms = Spread::of(sums.silences);
    report.kills = sums.deaths;
    report.more.insert("chapters", chapter.into());
    report.more.insert("stories_without_their_death", sums.missed.into());
    report.took_s = began.elapsed().as_secs();
    Ok(report)
}

#[derive(Default)]
struct Sums {
    deaths: u64,
    missed: u64,
    recoveries: Vec<u64>,
    silences: Vec<u64>,
}

/// One story of a chapter.
struct Telling {
    number: usize,
    chance: Chance,
    boundary: Option<Boundary>,
    story: Story,
}

async fn play(report: &mut Report, sums: &mut Sums, mut chance: Chance, wanted: u64) -> Result<()> {
    let stage = Stage::start().await?;
    let people = People::before(&stage)?;
    let scene = Scene { stage, people };
    let (toll, turns) = (Toll::default(), Turns::default());
    let havoc_chance = Chance::new(chance.draw());
    let enough = || scene.stage.crew.deaths() + toll.of_others() >= wanted;
    let missed = AtomicU64::new(0);
    let boundaries = boundaries::all();
    let story_seed = chance.draw();
    let tellings = stream::iter(0_usize..)
        .take_while(|_| std::future::ready(!enough()))
        .map(|number| {
            let mut chance = Chance::of(story_seed, number as u64);
            let boundary =
                chance.percent(WITH_A_BOUNDARY).then(|| chance.one_of(&boundaries).cloned()).flatten();
            let story = chance.one_of(&Story::ABOUT_POTS).copied().unwrap_or(Story::Ordinary);
            Telling { number, chance, boundary, story }
        })
        .map(|telling| tell(&scene, &toll, &turns, &missed, telling))
        .buffer_unordered(AT_ONCE)
        .collect::<Vec<_>>();
    // Havoc ends when no new story is begun; those that are under way still have to come to their end.
    let wreaking = async {
        havoc::wreak(&scene.stage, havoc_chance, &toll, enough).await?;
        havoc::calm(&scene.stage, &toll);
        anyhow::Ok(())
    };
    let (outcomes, wreaked) = tokio::join!(tellings, wreaking);
    wreaked.context("the world could not be put together again")?;
    scene.stage.ready().await?;
    report.trials += outcomes.len();
    for outcome in outcomes {
        match outcome {
            Ok(recovery) => sums.recoveries.extend(recovery),
            Err(why) => {
                report.stuck += 1;
                report.found.push(why);
            }
        }
    }
    for (what, times) in toll.counts() {
        report.count(what, times);
    }
    report.count("cut connections", scene.stage.store.cut());

    sums.deaths += scene.stage.crew.deaths() + toll.of_others();
    sums.missed += missed.into_inner();
    sums.silences.extend(scene.people.silences());
    report.judged(&judge::judge(&scene).await?);
    scene.stage.shutdown().await
}

/// Tells a story, with a death at a boundary or in a bad hour of Wave's. Answers how long the recovery took, or why the story
/// did not come to its end.
async fn tell(
    scene: &Scene,
    toll: &Toll,
    turns: &Turns,
    missed: &AtomicU64,
    telling: Telling,
) -> Result<Option<u64>, String> {
    let Telling { number, mut chance, boundary, story } = telling;
    if let Some(boundary) = boundary {
        let trial = trial::run(scene, turns, &boundary).await;
        if trial.missed {
            missed.fetch_add(1, Ordering::Relaxed);
        } else if trial.stuck.is_none() {
            toll.count(format!("boundary {}", trial.kind()));
        }
        return match trial.stuck {
            Some(why) => Err(format!("story {number}, {}: {why}", trial.boundary)),
            None => Ok(trial.recovery),
        };
    }
    mischief::some(&scene.stage, &mut chance, toll);
    story.play(scene).await.map(|()| None).map_err(|why| format!("story {number}, {story:?}: {why:#}"))
}
