//! Whatever clients do, each sees exactly what it must.

use std::fmt;

use proptest::collection::vec;
use proptest::prelude::*;

use crate::cases;
use crate::step::{CLIENTS, Speaks, Step, speaks, steps};
use crate::world::World;

/// A case: what each client speaks, and what they do.
struct Script {
    clients: Vec<Speaks>,
    steps: Vec<Step>,
}

/// One step a line, to be read.
impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut clients = self.clients.iter().enumerate();
        clients.try_for_each(|(who, speaks)| writeln!(f, "{who}: {speaks:?}"))?;
        self.steps.iter().try_for_each(|step| writeln!(f, "{step:?}"))
    }
}

fn script() -> impl Strategy<Value = Script> {
    (vec(speaks(), CLIENTS), steps()).prop_map(|(clients, steps)| Script { clients, steps })
}

proptest! {
    #![proptest_config(cases(5_000))]

    #[test]
    fn everybody_sees_exactly_what_they_must(script in script()) {
        let mut world = World::new(&script.clients);
        script.steps.iter().for_each(|step| world.step(*step));
        world.end();
    }
}
