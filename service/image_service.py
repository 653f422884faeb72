"""Image, edit and frame requests: checked in full, then refused, for no diffusion engine exists yet."""

import asyncio
from typing import NoReturn

from generation.v1 import generation_pb2 as pb
from service import errors
from service.params.image import check_edit, check_frames, check_image
from service.params.limits import ImageLimits

Request = pb.GenerateImageRequest | pb.EditImageRequest | pb.GenerateFramesRequest


class ImageService:
    """What there is of images until the diffusion pipeline joins `service.pipelines`."""

    def __init__(self, limits: ImageLimits) -> None:
        self._limits = limits

    async def refuse(self, request: Request) -> NoReturn:
        """Raises NotFound or InvalidArgument for a wrong request and Unavailable for a right one."""
        if request.HasField("model"):
            raise errors.NotFound(
                f"model: there is no image model {request.model[:100]!r}; there are none yet"
            )
        await asyncio.to_thread(self._check, request)
        raise errors.Unavailable(
            "this release has no image model: the request is valid and will be answered by a release "
            "with a diffusion engine; GET /models (ListModels) shows what is served"
        )

    def _check(self, request: Request) -> None:
        match request:
            case pb.GenerateImageRequest():
                check_image(request, self._limits)
            case pb.EditImageRequest():
                check_edit(request, self._limits)
            case pb.GenerateFramesRequest():
                check_frames(request, self._limits)
