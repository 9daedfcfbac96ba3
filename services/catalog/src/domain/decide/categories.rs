//! Categories: created, changed, moved and removed, in a tree that stays one.
//!
//! Every command names the categories above the new place as they were read, and walks them again
//! under their locks. Whoever changes the shape of the tree also holds its one lock, so the levels
//! below a category that moves are known for as long as the tree's revision is the same.

use vocab::{CategoryId, Moment};

use crate::domain::answer::{Answer, Decision, Noted};
use crate::domain::category::{Category, CategoryContent, LEVELS_MAX, Lineage};
use crate::domain::command::{CategoryRemoval, CategoryRevision, NewCategory};
use crate::domain::fact::{CategoryChange, CategoryFact, Fact};
use crate::domain::key::{self, Claim, Holder, Key, Occupancy, State, Tree, View};
use crate::domain::{Refusal, agree, not_before};

/// Creates a category under its parent, or as a root.
pub(super) fn create(view: &dyn View, new: &NewCategory, now: Moment) -> Result<Decision, Refusal> {
    let mut plain = Vec::new();
    let content = &new.content;
    known_schema(content)?;
    let lineage = walk(view, content.parent, &new.above)?;
    deep_enough(lineage.0.len() + 1)?;
    plain.push(claim(view, &content.slug, new.id)?);
    plain.push((
        Key::Occupancy(new.id),
        State::Occupancy(Occupancy::default()),
    ));
    plain.extend(content.parent.and_then(|it| occupied(view, it, 1)));
    plain.push(reshaped(view));
    let category = Category {
        id: new.id,
        version: 1,
        content: content.clone(),
        created_at: now,
        updated_at: now,
        deleted_at: None,
    };
    let what = CategoryChange::Created(Box::new(category.clone()), lineage.clone());
    Ok(Decision {
        facts: vec![noted(new.id, now, what)],
        plain,
        answer: Answer::Category(Box::new(category), lineage),
    })
}

/// Changes a category, or moves it with all below it.
pub(super) fn revise(
    view: &dyn View,
    revision: &CategoryRevision,
    now: Moment,
) -> Result<Decision, Refusal> {
    let present = present(view, revision.id, revision.etag.as_deref())?;
    if present.version != revision.version {
        return Err(Refusal::Outrun);
    }
    let new = &revision.new;
    known_schema(new)?;
    let changed = new.changed_from(&present.content);
    let mut plain = Vec::new();
    if revision.moves() {
        plain = moved(view, revision)?;
    }
    let lineage = walk(view, new.parent, &revision.above)?;
    if changed.is_empty() {
        let answer = Answer::Category(Box::new(present.clone()), lineage);
        return Ok(Decision {
            facts: Vec::new(),
            plain,
            answer,
        });
    }
    if new.slug != present.content.slug {
        let freed = Claim::Slug(present.content.slug.clone());
        plain.push((Key::Claim(freed), State::Claim(Holder::Nobody)));
        plain.push(claim(view, &new.slug, revision.id)?);
    }
    let at = not_before(now, present.updated_at);
    let mut category = Category {
        content: new.clone(),
        ..present.clone()
    };
    category.version = category.version.saturating_add(1);
    category.updated_at = at;
    let what = CategoryChange::Updated(Box::new(category.clone()), lineage.clone(), changed);
    Ok(Decision {
        facts: vec![noted(revision.id, at, what)],
        plain,
        answer: Answer::Category(Box::new(category), lineage),
    })
}

/// Removes an empty category for good.
pub(super) fn delete(
    view: &dyn View,
    removal: &CategoryRemoval,
    now: Moment,
) -> Result<Decision, Refusal> {
    let present = present(view, removal.id, removal.etag.as_deref())?;
    let content = &present.content;
    if content.parent != removal.parent || content.slug != removal.slug {
        return Err(Refusal::Outrun);
    }
    let inside = key::occupancy(view, removal.id).unwrap_or_default();
    if inside.categories > 0 || inside.products > 0 {
        return Err(Refusal::CategoryNotEmpty {
            categories: inside.categories,
            products: inside.products,
        });
    }
    let closed = Occupancy {
        closed: true,
        ..inside
    };
    let freed = Key::Claim(Claim::Slug(content.slug.clone()));
    let mut plain = vec![
        (Key::Occupancy(removal.id), State::Occupancy(closed)),
        (freed, State::Claim(Holder::Nobody)),
        reshaped(view),
    ];
    plain.extend(content.parent.and_then(|it| occupied(view, it, -1)));
    let at = not_before(now, present.updated_at);
    let what = CategoryChange::Deleted(content.slug.clone());
    Ok(Decision {
        facts: vec![noted(removal.id, at, what)],
        plain,
        answer: Answer::Done,
    })
}

/// The plain states of a move that neither makes a cycle nor goes too deep.
fn moved(view: &dyn View, revision: &CategoryRevision) -> Result<Vec<(Key, State)>, Refusal> {
    if key::tree(view).revision != revision.revision {
        return Err(Refusal::Outrun);
    }
    if let Some(parent) = revision.new.parent
        && revision.above.contains(&revision.id)
    {
        return Err(Refusal::CategoryCycle(parent));
    }
    let lineage = walk(view, revision.new.parent, &revision.above)?;
    deep_enough(lineage.0.len() + 1 + revision.height)?;
    let left = revision.old.parent.and_then(|it| occupied(view, it, -1));
    let entered = revision.new.parent.and_then(|it| occupied(view, it, 1));
    let shape = Some(reshaped(view));
    Ok([left, entered, shape].into_iter().flatten().collect())
}

/// Walks from a parent up to its root. Whoever meets a category that was not read is outrun.
fn walk(
    view: &dyn View,
    parent: Option<CategoryId>,
    above: &[CategoryId],
) -> Result<Lineage, Refusal> {
    let mut lineage = Lineage::default();
    let mut next = parent;
    while let Some(id) = next {
        if !above.contains(&id) || lineage.0.len() >= above.len() {
            return Err(Refusal::Outrun);
        }
        let category = key::category(view, id).ok_or(Refusal::CategoryUnknown(id))?;
        lineage.0.push((id, category.content.slug.clone()));
        next = category.content.parent;
    }
    Ok(lineage)
}

fn present<'a>(
    view: &'a dyn View,
    id: CategoryId,
    etag: Option<&str>,
) -> Result<&'a Category, Refusal> {
    let category = key::category(view, id).ok_or(Refusal::CategoryMissing(id))?;
    agree(&id.to_string(), category.version, etag)?;
    Ok(category)
}

fn deep_enough(depth: usize) -> Result<(), Refusal> {
    if depth > LEVELS_MAX {
        return Err(Refusal::CategoryTooDeep(depth));
    }
    Ok(())
}

/// No schema is kept before this service serves them, so every one that is named is unknown.
fn known_schema(content: &CategoryContent) -> Result<(), Refusal> {
    match content.schema {
        Some(schema) => Err(Refusal::SchemaUnknown(schema)),
        None => Ok(()),
    }
}

fn claim(view: &dyn View, slug: &str, id: CategoryId) -> Result<(Key, State), Refusal> {
    let claim = Claim::Slug(slug.to_owned());
    match key::holder(view, &claim) {
        Holder::Nobody => Ok((Key::Claim(claim), State::Claim(Holder::Category(id)))),
        other => Err(Refusal::SlugExists(slug.to_owned(), other)),
    }
}

fn occupied(view: &dyn View, id: CategoryId, by: i64) -> Option<(Key, State)> {
    let present = key::occupancy(view, id)?;
    let categories = present.categories.saturating_add(by);
    let changed = Occupancy {
        categories,
        ..present
    };
    Some((Key::Occupancy(id), State::Occupancy(changed)))
}

fn reshaped(view: &dyn View) -> (Key, State) {
    let revision = key::tree(view).revision.saturating_add(1);
    (Key::Tree, State::Tree(Tree { revision }))
}

fn noted(category: CategoryId, at: Moment, what: CategoryChange) -> Noted {
    let fact = Fact::Category(CategoryFact { category, at, what });
    Noted {
        fact,
        effective_at: None,
    }
}
