"""From images, edits and frames to the contract's messages."""

from generation.v1 import generation_pb2 as pb
from service.engine.events import Queued
from service.image_service import Animation, Answer, ImageJob, News, Painting, Step


def image_response(job: ImageJob, answer: Answer) -> pb.GenerateImageResponse:
    """A complete image."""
    return pb.GenerateImageResponse(image_base64=answer.pngs[0], prompt=job.prompt, seed=job.params.seed)


def edit_response(job: ImageJob, answer: Answer) -> pb.EditImageResponse:
    """A complete changed image."""
    return pb.EditImageResponse(image_base64=answer.pngs[0], prompt=job.prompt, seed=job.params.seed)


def frames_response(job: ImageJob, answer: Answer) -> pb.GenerateFramesResponse:
    """All frames, and their animation where it was asked for."""
    return pb.GenerateFramesResponse(
        frames=answer.pngs, prompt=job.prompt, seed=job.params.seed, animation=answer.animation
    )


def image_event(job: ImageJob, news: News) -> pb.StreamImageResponse:
    """News of an image or an edit; the last one carries it and the seed."""
    match news:
        case Queued():
            return pb.StreamImageResponse(
                queue_position=news.position, estimated_seconds=news.estimated_seconds
            )
        case Step():
            return pb.StreamImageResponse(step=news.step, total_steps=news.total_steps, preview=news.preview)
        case Painting():
            return pb.StreamImageResponse(image_base64=news.png, seed=job.params.seed, finish_reason="stop")
        case Animation():
            raise AssertionError("an image does not move")


def frames_event(job: ImageJob, news: News) -> pb.StreamFramesResponse:
    """News of an animation; the last one carries the seed, and the animation where it was asked for."""
    match news:
        case Queued():
            return pb.StreamFramesResponse(
                queue_position=news.position, estimated_seconds=news.estimated_seconds
            )
        case Step():
            return pb.StreamFramesResponse(
                step=news.step,
                total_steps=news.total_steps,
                preview=news.preview,
                frame_index=None if news.preview is None else news.frame_index,
            )
        case Painting():
            return pb.StreamFramesResponse(
                frame=news.png,
                frame_index=news.frame_index,
                num_frames=job.params.num_frames,
                seed=job.params.seed if news.last else None,
                finish_reason="stop" if news.last else None,
            )
        case Animation():
            return pb.StreamFramesResponse(animation=news.data, seed=job.params.seed, finish_reason="stop")
