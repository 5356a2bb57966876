//! Colours: for a dark background, for a light one, and none at all.

use clap::ValueEnum;
use ratatui_core::style::{Color, Modifier, Style};

/// What `--look` takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli::join) enum Choice {
    /// Plain with NO_COLOR; light or dark if the terminal tells its background (COLORFGBG)
    Auto,
    /// For a dark background
    Dark,
    /// For a light background
    Light,
    /// Without colours
    Plain,
}

/// The style of everything on the screen.
#[derive(Clone, Debug)]
pub(super) struct Look {
    /// The bars above and below.
    pub(super) bar: Style,
    /// What is chosen in a bar.
    pub(super) chosen: Style,
    /// What is new in a bar, and what calls us.
    pub(super) news: Style,
    pub(super) call: Style,
    /// What is there if one looks for it.
    pub(super) dim: Style,
    pub(super) strong: Style,
    pub(super) good: Style,
    pub(super) warning: Style,
    pub(super) bad: Style,
    names: &'static [Color],
}

// Colours of the 256 that can be read on the background, and told apart.
const ON_DARK: [Color; 12] = indexed([209, 179, 221, 150, 114, 79, 80, 117, 111, 147, 183, 212]);
const ON_LIGHT: [Color; 12] = indexed([124, 130, 94, 58, 28, 29, 30, 24, 25, 55, 90, 125]);

const fn indexed(numbers: [u8; 12]) -> [Color; 12] {
    let mut colours = [Color::Reset; 12];
    let mut at = 0;
    while at < 12 {
        colours[at] = Color::Indexed(numbers[at]);
        at += 1;
    }
    colours
}

impl Look {
    /// The look of this choice, in this environment.
    pub(super) fn new(choice: Choice, variable: impl Fn(&str) -> Option<String>) -> Look {
        match choice {
            Choice::Dark => Look::dark(),
            Choice::Light => Look::light(),
            Choice::Plain => Look::plain(),
            Choice::Auto => {
                let is_plain = variable("NO_COLOR").is_some_and(|value| !value.is_empty());
                let background = variable("COLORFGBG");
                let background = background.as_deref().and_then(|it| it.rsplit(';').next());
                match background {
                    _ if is_plain => Look::plain(),
                    // White, and light grey.
                    Some("7" | "15") => Look::light(),
                    _ => Look::dark(),
                }
            }
        }
    }

    fn dark() -> Look {
        let bar = Style::new().bg(Color::Indexed(236)).fg(Color::Indexed(250));
        Look {
            bar,
            chosen: Style::new().bg(Color::Indexed(31)).fg(Color::Indexed(231)).bold(),
            news: bar.fg(Color::Indexed(117)).bold(),
            call: bar.fg(Color::Indexed(221)).bold(),
            dim: Style::new().fg(Color::Indexed(245)),
            strong: Style::new().bold(),
            good: Style::new().fg(Color::Indexed(114)),
            warning: Style::new().fg(Color::Indexed(221)),
            bad: Style::new().fg(Color::Indexed(210)),
            names: &ON_DARK,
        }
    }

    fn light() -> Look {
        let bar = Style::new().bg(Color::Indexed(254)).fg(Color::Indexed(238));
        Look {
            bar,
            chosen: Style::new().bg(Color::Indexed(25)).fg(Color::Indexed(231)).bold(),
            news: bar.fg(Color::Indexed(25)).bold(),
            call: bar.fg(Color::Indexed(124)).bold(),
            dim: Style::new().fg(Color::Indexed(242)),
            strong: Style::new().bold(),
            good: Style::new().fg(Color::Indexed(28)),
            warning: Style::new().fg(Color::Indexed(130)),
            bad: Style::new().fg(Color::Indexed(160)),
            names: &ON_LIGHT,
        }
    }

    fn plain() -> Look {
        let bar = Style::new().add_modifier(Modifier::REVERSED);
        Look {
            bar,
            chosen: Style::new().remove_modifier(Modifier::REVERSED).bold(),
            news: bar.bold(),
            call: bar.bold().underlined(),
            dim: Style::new().dim(),
            strong: Style::new().bold(),
            good: Style::new(),
            warning: Style::new().bold(),
            bad: Style::new().bold(),
            names: &[Color::Reset],
        }
    }

    /// The same name looks the same everywhere and every time.
    pub(super) fn name(&self, name: &str) -> Style {
        // FNV-1a, whose upper half is mixed best.
        let hash = name
            .bytes()
            .fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
        let index = (hash >> 16) as usize % self.names.len();
        Style::new().fg(self.names[index]).bold()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn auto(variables: &[(&str, &str)]) -> Look {
        Look::new(Choice::Auto, |name| {
            variables.iter().find(|it| it.0 == name).map(|it| it.1.to_owned())
        })
    }

    #[test]
    fn the_environment_chooses_the_look() {
        assert_eq!(auto(&[]).bar, Look::dark().bar);
        assert_eq!(auto(&[("COLORFGBG", "15;default;0")]).bar, Look::dark().bar);
        assert_eq!(auto(&[("COLORFGBG", "0;15")]).bar, Look::light().bar);
        assert_eq!(auto(&[("COLORFGBG", "0;15"), ("NO_COLOR", "1")]).bar, Look::plain().bar);
        assert_eq!(auto(&[("NO_COLOR", "")]).bar, Look::dark().bar);
    }

    #[test]
    fn a_plain_look_has_no_colour_at_all() {
        let it = Look::plain();
        let styles = [it.bar, it.chosen, it.news, it.call, it.dim, it.good, it.warning, it.bad];
        for style in styles.into_iter().chain([it.name("Ann")]) {
            assert!(style.bg.is_none() && matches!(style.fg, None | Some(Color::Reset)));
        }
    }

    #[test]
    fn a_name_keeps_its_colour() {
        let look = Look::dark();
        assert_eq!(look.name("Ann"), look.name("Ann"));
        let colours: std::collections::HashSet<_> =
            ["Ann", "Ben", "Cem", "Dora"].map(|name| look.name(name).fg).into_iter().collect();
        assert!(colours.len() > 2);
    }
}
