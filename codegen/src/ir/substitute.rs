//! Substitution: gathers, renamed axes and diagonals, all by one mechanism.
//!
//! Replacing the axis `C` by a position `y` turns `z` into `z[C = y]`; replacing `N` by
//! `M` turns `x` into `x[N -> M]`. A reduction binds its axes: they are not replaced inside
//! it, and they get out of the way of what is put in.

use std::collections::HashMap;

use super::{AxisId, AxisSet, Graph, Index, Node, NodeId, Softmax};

impl Graph {
    /// The node with free axes replaced: by another axis of the same dimension, or by a position.
    pub fn substitute(&mut self, root: NodeId, map: &[(AxisId, Index)]) -> NodeId {
        self.substitute_remembering(root, map, &mut HashMap::new())
    }

    /// The same for one of many nodes: `memo` holds what has been found with the same map.
    pub fn substitute_remembering(
        &mut self,
        root: NodeId,
        map: &[(AxisId, Index)],
        memo: &mut HashMap<NodeId, NodeId>,
    ) -> NodeId {
        let moves: Vec<_> = map
            .iter()
            .filter(|(from, to)| *to != Index::Axis(*from))
            .copied()
            .collect();
        self.substitute_in(root, &moves, memo)
    }

    fn substitute_in(
        &mut self,
        id: NodeId,
        map: &[(AxisId, Index)],
        memo: &mut HashMap<NodeId, NodeId>,
    ) -> NodeId {
        let free = self.free(id);
        if map.iter().all(|(axis, _)| !free.contains(*axis)) {
            return id;
        }
        if let Some(&known) = memo.get(&id) {
            return known;
        }
        let node = self.node(id).clone();
        let result = match &node {
            Node::Position(axis) => match find(map, *axis) {
                Some(Index::Axis(other)) => self.position(other),
                Some(Index::At(place)) => place,
                None => id,
            },
            Node::Load(param, index) => {
                let index = index
                    .iter()
                    .map(|i| match i {
                        Index::Axis(axis) => find(map, *axis).unwrap_or(*i),
                        Index::At(place) => Index::At(self.substitute_in(*place, map, memo)),
                    })
                    .collect();
                self.load(*param, index)
            }
            Node::Reduce(reducer, axes, body) => {
                let (axes, bodies) = self.under_binder(*axes, &[*body], map);
                self.reduce(*reducer, axes, bodies[0])
            }
            Node::Angle { axes, a, b } => {
                let (axes, bodies) = self.under_binder(*axes, &[*a, *b], map);
                self.angle(axes, bodies[0], bodies[1])
            }
            Node::Unit { axes, value, body } => {
                let pointwise = value == body;
                let value = self.substitute_in(*value, map, memo);
                if pointwise && map.iter().all(|(axis, _)| !axes.contains(*axis)) {
                    // The element keeps the names of the vector, unless they are captured.
                    let incoming = self.incoming(map, free);
                    if incoming.is_disjoint(*axes) {
                        return remember(memo, id, self.unit_element(*axes, value, value));
                    }
                }
                let (axes, bodies) = self.under_binder(*axes, &[*body], map);
                self.unit_element(axes, value, bodies[0])
            }
            Node::Softmax(s) => self.substitute_softmax(s, free, map, memo),
            _ => self.rebuild(&node, &mut |graph, child| {
                graph.substitute_in(child, map, memo)
            }),
        };
        remember(memo, id, result)
    }

    fn substitute_softmax(
        &mut self,
        s: &Softmax,
        free: AxisSet,
        map: &[(AxisId, Index)],
        memo: &mut HashMap<NodeId, NodeId>,
    ) -> NodeId {
        let value = self.substitute_in(s.value, map, memo);
        if let Some(hit) = s.hit {
            let (axes, bound) = self.under_binder(s.axes, &[s.body, hit], map);
            return self.softmax(Softmax {
                form: s.form,
                axes,
                body: bound[0],
                value,
                hit: Some(bound[1]),
            });
        }
        let moved: Vec<_> = map
            .iter()
            .filter(|(axis, _)| s.axes.contains(*axis))
            .copied()
            .collect();
        if moved.is_empty() && self.incoming(map, free).is_disjoint(s.axes) {
            return self.softmax(Softmax {
                form: s.form,
                axes: s.axes,
                body: value,
                value,
                hit: None,
            });
        }
        let (axes, bound) = self.under_binder(s.axes, &[s.body], map);
        // Where among the renamed logits the value now stands.
        let hit = match (moved.as_slice(), axes.iter().collect::<Vec<_>>().as_slice()) {
            (&[(_, index)], &[axis]) => {
                let place = match index {
                    Index::Axis(other) => self.position(other),
                    Index::At(place) => place,
                };
                let position = self.position(axis);
                Some(self.equal(position, place))
            }
            _ => None,
        };
        self.softmax(Softmax {
            form: s.form,
            axes,
            body: bound[0],
            value,
            hit,
        })
    }

    /// The free axes that a substitution brings into an expression with the free axes `free`.
    fn incoming(&self, map: &[(AxisId, Index)], free: AxisSet) -> AxisSet {
        map.iter().filter(|(axis, _)| free.contains(*axis)).fold(
            AxisSet::EMPTY,
            |set, (_, index)| {
                set.union(match index {
                    Index::Axis(axis) => AxisSet::of(*axis),
                    Index::At(place) => self.free(*place),
                })
            },
        )
    }

    /// Substitutes inside the scope of `bound`, renaming it where it would capture.
    fn under_binder(
        &mut self,
        bound: AxisSet,
        bodies: &[NodeId],
        map: &[(AxisId, Index)],
    ) -> (AxisSet, Vec<NodeId>) {
        let free = bodies
            .iter()
            .fold(AxisSet::EMPTY, |set, &b| set.union(self.free(b)));
        let mut inner: Vec<_> = map
            .iter()
            .filter(|(axis, _)| !bound.contains(*axis))
            .copied()
            .collect();
        let incoming = self.incoming(&inner, free);
        let mut axes = bound;
        // Neither what comes in nor what an element outside of the scope is moved to (see `substitute_softmax`).
        let mut taken = free.union(self.incoming(map, free)).union(bound);
        for axis in bound.intersection(incoming).iter() {
            let fresh = self.spare_axis(self.axis(axis).dim, taken);
            taken = taken.union(AxisSet::of(fresh));
            axes = axes.minus(AxisSet::of(axis)).union(AxisSet::of(fresh));
            inner.push((axis, Index::Axis(fresh)));
        }
        let bodies = bodies
            .iter()
            .map(|&body| self.substitute(body, &inner))
            .collect();
        (axes, bodies)
    }
}

fn find(map: &[(AxisId, Index)], axis: AxisId) -> Option<Index> {
    map.iter()
        .find(|(from, _)| *from == axis)
        .map(|(_, to)| *to)
}

fn remember(memo: &mut HashMap<NodeId, NodeId>, id: NodeId, result: NodeId) -> NodeId {
    memo.insert(id, result);
    result
}
