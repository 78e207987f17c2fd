"""Rendered scenes of known depth: a random generator -> a picture float32 [H,W,3] in [0,1] and its depth float32 [H,W], 0 nearest to 1 farthest.

A pinhole camera over a ground plane: open land, streets between walls, rooms; boxes, balls and columns with textures. Every random choice
comes from the generator that is passed in. Depth is the logarithm of the distance along the view axis, from the nearest to the farthest
surface of the picture (at most FAR_M away); the sky is as far as the farthest.
"""

import cv2
import numpy as np

from depth.scene_surfaces import Surface, make_surface, make_texture, render_sky
from depth.scene_surfaces import uniform as between

FAR_M = 150.0  # beyond this everything is equally far
KINDS = ("open", "street", "room")


def render_scene(rng, height: int, width: int, kind: str | None = None):
    """(clean [H,W,3], depth [H,W]); `kind` is one of KINDS, or drawn."""
    kind = KINDS[rng.choice(3, p=(0.4, 0.35, 0.25))] if kind is None else kind
    if kind not in KINDS:
        raise ValueError(f"Expected a kind of scene out of {KINDS}, got {kind!r}.")
    eye_m = between(rng, 0.8, 2.2) if kind == "room" else between(rng, 0.6, 3) * (between(rng, 2, 8) if rng.random() < 0.15 else 1)
    rays = camera_rays(rng, height, width, kind)
    textures = [make_texture(rng) for _ in range(6)]
    frame = Frame(rays, np.array([0, eye_m, 0], np.float32))
    outdoors = kind != "room"
    if outdoors:
        frame.plane(1, 0.0, make_surface(rng, textures, "ground"))
    if kind == "street":
        add_walls(rng, frame, textures)
    if kind == "room":
        add_room(rng, frame, textures, eye_m)
    add_things(rng, frame, textures, kind)
    light = sample_light(rng, outdoors)
    clean = frame.shade(light)
    distance = np.minimum(frame.distance, FAR_M)
    if outdoors:
        sky, tint = render_sky(rng, rays, textures)
        clean = np.where(frame.hit[..., None], clean, sky)
        air = 1 - np.exp(-distance / np.float32(between(rng, 150, 1500)))  # a little blue in the distance, as clear days have
        clean += (tint - clean) * (air * frame.hit)[..., None]
    clean = cv2.GaussianBlur(np.clip(clean, 0, 1), (0, 0), between(rng, 0.35, 0.7))
    return np.clip(clean, 0, 1) ** np.float32(between(rng, 0.75, 1.25)), log_depth(distance)


def log_depth(distance):
    """Distance in metres -> [0,1]: log-scaled, from the nearest to the farthest of the picture."""
    logs = np.log(distance)
    near, far = np.percentile(logs, 0.5), logs.max()
    return np.clip((logs - near) / max(far - near, 1e-3), 0, 1).astype(np.float32)


def camera_rays(rng, height, width, kind):
    """Directions [H,W,3] of unit depth along the view axis, so that the ray parameter is the depth: x right, y up, z ahead; turned, tilted, rolled."""
    focal = between(rng, 0.55, 1.4) * max(height, width)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    x, y = (x + 0.5 - width / 2) / focal, (height / 2 - y - 0.5) / focal
    pitch = rng.normal(-0.06, 0.13) if rng.random() < 0.9 else between(rng, -0.7, 0.25)
    yaw, roll = rng.normal(0, 0.35) if kind == "street" else between(rng, -np.pi, np.pi), rng.normal(0, 0.03)
    turn = rotation(1, yaw) @ rotation(0, -pitch) @ rotation(2, roll)
    return np.stack([x, y, np.ones_like(x)], -1) @ turn.T.astype(np.float32)


def rotation(axis, angle):
    """A turn by `angle` about the axis 0, 1 or 2."""
    a, b = (axis + 1) % 3, (axis + 2) % 3
    matrix = np.eye(3)
    matrix[a, a] = matrix[b, b] = np.cos(angle)
    matrix[b, a], matrix[a, b] = np.sin(angle), -np.sin(angle)
    return matrix


def add_walls(rng, frame, textures):
    """Rows of houses along both sides of a road, or one."""
    half = between(rng, 2.5, 9)
    frame.box((-half, 0, -60), (half, 0.01, 300), make_surface(rng, textures, "road"))
    for side in (-1, 1):
        if rng.random() < 0.12:
            continue
        z, pavement = -30.0, half + between(rng, 0, 3)
        while z < 140:
            length, tall, back = between(rng, 5, 25), between(rng, 3, 16), between(rng, 0, 2)
            low, high = sorted((side * (pavement + back), side * (pavement + back + 12)))
            frame.box((low, 0, z), (high, tall, z + length), make_surface(rng, textures, "house"))
            z += length + (between(rng, 1, 6) if rng.random() < 0.3 else 0)
    if rng.random() < 0.25:
        z = between(rng, 30, 90)
        frame.box((-60, 0, z), (60, between(rng, 4, 20), z + 10), make_surface(rng, textures, "house"))


def add_room(rng, frame, textures, eye_m):
    """Floor, ceiling and four walls around the camera."""
    tall = eye_m + between(rng, 0.5, 2.5)
    half = np.array([between(rng, 1.5, 5), between(rng, 1.5, 7)])
    centre = (rng.random(2) * 2 - 1) * (half - 0.6)
    frame.plane(1, 0.0, make_surface(rng, textures, "floor"))
    frame.plane(1, tall, make_surface(rng, textures, "ceiling"))
    for axis, c, h in ((0, centre[0], half[0]), (2, centre[1], half[1])):
        wall = make_surface(rng, textures, "wall")
        for side in (-1, 1):
            frame.plane(axis, c + side * h, wall if rng.random() < 0.7 else make_surface(rng, textures, "wall"))
    frame.room = (centre - half + 0.2, centre + half - 0.2)


def add_things(rng, frame, textures, kind):
    """Boxes, balls, columns and trees before the camera, nearer ones smaller."""
    ahead = frame.rays[frame.rays.shape[0] // 2, frame.rays.shape[1] // 2]
    bearing = np.arctan2(ahead[0], ahead[2])
    for _ in range(int(rng.integers(2, 12))):
        distance = between(rng, 1.2, 5) if kind == "room" else np.exp(between(rng, np.log(2.5), np.log(60)))
        angle = bearing + between(rng, -0.75, 0.75)
        x, z = np.sin(angle) * distance, np.cos(angle) * distance
        if frame.room is not None:
            x, z = np.clip((x, z), *frame.room)
            if np.hypot(x, z) < 0.9:
                continue
        reach = min(0.35 * np.hypot(x, z), 8)
        shape = rng.random()
        if shape < 0.5:
            w, d, h = between(rng, 0.2, 0.9, 2) * reach, between(rng, 0.2, 0.9) * reach, between(rng, 0.2, 1.8) * reach
            w, d = float(w[0]), d
            frame.box((x - w / 2, 0, z - d / 2), (x + w / 2, h, z + d / 2), make_surface(rng, textures, "house" if h > 5 else "thing"))
        elif shape < 0.65:
            r = between(rng, 0.12, 0.5) * reach
            frame.ball((x, r, z), (r, r, r), make_surface(rng, textures, "thing"))
        elif shape < 0.8 or kind == "room":
            r, h = between(rng, 0.02, 0.12) * reach, between(rng, 0.5, 2.5) * reach
            frame.box((x - r, 0, z - r), (x + r, h, z + r), make_surface(rng, textures, "thing"))
        else:  # a tree: a trunk and some balls of leaves
            h = between(rng, 0.8, 2.2) * reach
            frame.box((x - 0.03 * h, 0, z - 0.03 * h), (x + 0.03 * h, 0.7 * h, z + 0.03 * h), make_surface(rng, textures, "trunk"))
            leaves = make_surface(rng, textures, "leaves")
            for _ in range(int(rng.integers(1, 4))):
                r = between(rng, 0.16, 0.36, 3) * h
                frame.ball((x + rng.normal(0, 0.12) * h, (0.65 + between(rng, 0, 0.3)) * h, z + rng.normal(0, 0.12) * h), r, leaves)


def sample_light(rng, outdoors):
    """(direction [3] towards the light, its colour [3], colour of the light from all around [3])."""
    direction = rng.normal(size=3)
    direction[1] = abs(direction[1]) + 0.3
    strength = between(rng, 0.1, 0.9) if outdoors else between(rng, 0.1, 0.5)
    warm = np.array([1, between(rng, 0.85, 1), between(rng, 0.65, 1)])
    cool = np.array([between(rng, 0.8, 1), between(rng, 0.9, 1), 1])
    return (direction / np.linalg.norm(direction)).astype(np.float32), (strength * warm).astype(np.float32), (between(rng, 0.35, 0.8) * cool).astype(np.float32)


class Frame:
    """What each ray has met so far: depth, surface, normal, and the place on the surface for its texture."""

    def __init__(self, rays, eye):
        self.rays, self.eye, self.room = rays, eye, None
        shape = rays.shape[:2]
        self.distance = np.full(shape, 1e6, np.float32)
        self.index = np.full(shape, -1, np.int16)
        self.normal = np.zeros((*shape, 3), np.float32)
        self.surfaces: list[Surface] = []
        self.axes = [np.ascontiguousarray(rays[..., i]) for i in range(3)]  # one axis at a time: sums over a last axis of 3 are slow
        self.inverse = [1 / np.where(np.abs(a) < 1e-6, np.float32(1e-6), a) for a in self.axes]

    @property
    def hit(self):
        return self.index >= 0

    def keep(self, distance, met, surface):
        """Takes the surface over where it is met first; returns where that is, or None."""
        nearer = met & (distance > 0.05) & (distance < self.distance)
        if not nearer.any():
            return None
        self.distance[nearer] = distance[nearer]
        self.index[nearer] = len(self.surfaces)
        self.surfaces.append(surface)
        return nearer

    def plane(self, axis, level, surface):
        distance = (level - self.eye[axis]) * self.inverse[axis]
        nearer = self.keep(distance, distance < 1e4, surface)
        if nearer is not None:
            normal = np.zeros(3, np.float32)
            normal[axis] = 1 if self.eye[axis] > level else -1
            self.normal[nearer] = normal

    def box(self, low, high, surface):
        """Axis-aligned box by the slab method (Kay and Kajiya 1986)."""
        enters, leaves = [], []
        for axis in range(3):
            a, b = ((np.float32(side[axis]) - self.eye[axis]) * self.inverse[axis] for side in (low, high))
            enters.append(np.minimum(a, b))
            leaves.append(np.maximum(a, b))
        enter = np.maximum(np.maximum(enters[0], enters[1]), enters[2])
        leave = np.minimum(np.minimum(leaves[0], leaves[1]), leaves[2])
        nearer = self.keep(enter, enter < leave, surface)
        if nearer is not None:
            self.normal[nearer] = np.stack([-np.sign(r[nearer]) * (e[nearer] == enter[nearer]) for r, e in zip(self.axes, enters)], -1)

    def ball(self, centre, radii, surface):
        """Ellipsoid: a unit ball in a space squeezed by the radii."""
        radii = np.asarray(radii, np.float32)
        start = (self.eye - np.asarray(centre, np.float32)) / radii
        ray = [r / size for r, size in zip(self.axes, radii)]
        a = ray[0] ** 2 + ray[1] ** 2 + ray[2] ** 2
        b = ray[0] * start[0] + ray[1] * start[1] + ray[2] * start[2]
        inside = b * b - a * (float(start @ start) - 1)
        distance = (-b - np.sqrt(np.maximum(inside, 0))) / a
        nearer = self.keep(distance, inside > 0, surface)
        if nearer is not None:
            normal = (start + self.rays[nearer] / radii * distance[nearer][:, None]) / radii
            self.normal[nearer] = normal / np.linalg.norm(normal, axis=-1, keepdims=True)

    def shade(self, light):
        """Colours [H,W,3] of the surfaces under the light; black where nothing was met."""
        towards, sun, around = light
        points = self.eye + self.rays * np.minimum(self.distance, 1e4)[..., None]
        lit = np.maximum(self.normal @ towards, 0)[..., None] * sun + around * (0.75 + 0.25 * self.normal[..., 1:2])
        out = np.zeros_like(points)
        pixel_m = self.distance * np.float32(1 / self.rays.shape[0])  # about the width of a pixel on the surface
        for i in np.unique(self.index[self.hit]):
            where = self.index == i
            out[where] = self.surfaces[i].colour(points[where], self.normal[where], pixel_m[where]) * lit[where]
        return out
