"""Styles: what a name adds to the words of an image request."""

from dataclasses import dataclass

DEFAULT_STYLE = "realistic"


@dataclass(frozen=True, slots=True)
class Style:
    """A style: `prompt` holds "{prompt}" where the request's words go."""

    name: str
    prompt: str
    negative_prompt: str


_ALL = (
    Style(
        "realistic",
        "{prompt}, realistic, natural light, true colors, fine detail, sharp focus",
        "cartoon, drawing, painting, illustration, render, deformed, blurry",
    ),
    Style(
        "photographic",
        "photograph of {prompt}, 50mm lens, shallow depth of field, soft light, high resolution",
        "drawing, painting, illustration, cartoon, render, noise, overexposed",
    ),
    Style(
        "cinematic",
        "film still of {prompt}, wide shot, dramatic lighting, color graded, anamorphic lens, film grain",
        "drawing, cartoon, flat lighting, amateur snapshot, text, watermark",
    ),
    Style(
        "anime",
        "{prompt}, anime key visual, clean line work, cel shading, vivid colors",
        "photograph, realistic, 3d render, muddy colors, rough sketch",
    ),
    Style(
        "digital-art",
        "digital artwork of {prompt}, crisp shapes, rich color, glowing light, concept art",
        "photograph, realistic, grainy, dull colors",
    ),
    Style(
        "comic-book",
        "comic book panel of {prompt}, bold ink outlines, halftone dots, dynamic composition",
        "photograph, realistic, 3d render, soft edges, pale colors",
    ),
    Style(
        "fantasy-art",
        "fantasy painting of {prompt}, epic scale, magical light, intricate detail, mythical mood",
        "photograph, modern, plain, mundane, flat lighting",
    ),
    Style(
        "line-art",
        "line drawing of {prompt}, black ink on white paper, clean contours, minimal",
        "color, shading, photograph, realistic, 3d render, texture, gradient",
    ),
    Style(
        "analog-film",
        "analog film photograph of {prompt}, 35mm, faded colors, light leaks, visible grain",
        "digital, drawing, painting, render, oversharpened, sterile",
    ),
    Style(
        "neon-punk",
        "{prompt}, neon lights, night city glow, magenta and cyan, futuristic, high contrast",
        "daylight, muted colors, rustic, black and white, drawing",
    ),
    Style(
        "isometric",
        "isometric view of {prompt}, miniature scene, parallel projection, clean geometry, soft shadows",
        "perspective distortion, photograph, flat, tilted horizon, clutter",
    ),
    Style(
        "low-poly",
        "low-poly model of {prompt}, flat shaded triangles, simple geometry, soft ambient light",
        "photograph, smooth surfaces, fine texture, noise, realistic skin",
    ),
    Style(
        "origami",
        "origami of {prompt}, folded paper, crisp creases, paper texture, plain background",
        "photograph of a real object, painting, smooth plastic, cut paper, glue",
    ),
    Style(
        "pixel-art",
        "pixel art of {prompt}, 16-bit game sprite, limited palette, sharp square pixels",
        "photograph, realistic, anti-aliased, blurry, smooth gradient",
    ),
    Style(
        "3d-model",
        "3d model of {prompt}, physically based materials, studio lighting, ray traced",
        "drawing, sketch, painting, flat, low resolution, noise",
    ),
    Style(
        "painting",
        "oil painting of {prompt}, visible brush strokes, layered paint, canvas texture",
        "photograph, render, digital, smooth, plastic",
    ),
    Style(
        "watercolor",
        "watercolor of {prompt}, soft washes, bleeding edges, light paper texture, pastel colors",
        "photograph, render, hard outlines, thick paint, neon colors",
    ),
    Style(
        "sketch",
        "pencil sketch of {prompt}, loose strokes, cross-hatching, graphite on paper",
        "photograph, color, render, polished, solid fill",
    ),
    Style("none", "{prompt}", ""),
)

# By name, the default first.
STYLES = {style.name: style for style in _ALL}


def apply(style: Style, prompt: str, negative_prompt: str) -> tuple[str, str]:
    """The prompt and the negative prompt with a style's words; its negative words come last."""
    negatives = (negative_prompt.strip(), style.negative_prompt)
    return style.prompt.replace("{prompt}", prompt), ", ".join(filter(None, negatives))
