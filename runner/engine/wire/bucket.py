"""A bucket of S3 through boto3, which finds AWS's credentials by itself. Everything here blocks: call it in threads."""

from typing import Any

from runner.engine.machine.files import opened
from runner.engine.wire.publish import NotPublished
from runner.engine.wire.uploads import content_type
from runner.model.http import Upload
from runner.model.settings import Bucket


class Store:
    """Puts files into a bucket and signs links to them. Every method raises NotPublished in a person's words."""

    def __init__(self, bucket: Bucket) -> None:
        try:
            import boto3
            from botocore.config import Config
            from botocore.exceptions import BotoCoreError, ClientError
        except ImportError:
            raise NotPublished("publishing to S3 needs the package boto3: pip install 'runner[s3]'") from None
        self._bucket = bucket
        self._errors = (
            BotoCoreError,
            ClientError,
            ValueError,
        )  # ValueError: an endpoint or a region that is none
        # A name with dots fits no certificate of *.s3.amazonaws.com, and other servers know paths best.
        style = "path" if bucket.endpoint or "." in bucket.name else "virtual"
        config = Config(
            signature_version="s3v4", s3={"addressing_style": style}, retries={"mode": "standard"}
        )
        try:
            session = boto3.session.Session(region_name=bucket.region)
            self._client: Any = session.client("s3", endpoint_url=bucket.endpoint, config=config)
        except self._errors as error:
            raise self._told(error) from None

    def put(self, name: str, content: Upload) -> None:
        """Put a file, unless the same one is there. OSError when it cannot be read."""
        place = {"Bucket": self._bucket.name, "Key": self._bucket.prefix + name}
        try:
            if self._stands(place, content.sha256):
                return
            with opened(content) as body:
                self._client.put_object(
                    **place, Body=body, ContentType=content_type(name), Metadata={"sha256": content.sha256}
                )
        except self._errors as error:
            raise self._told(error) from None

    def link(self, name: str) -> str:
        """A signed link, by which anybody can read the file for as long as `expires` says."""
        place = {"Bucket": self._bucket.name, "Key": self._bucket.prefix + name}
        try:
            made = self._client.generate_presigned_url(
                "get_object", Params=place, ExpiresIn=int(self._bucket.expires)
            )
        except self._errors as error:
            raise self._told(error) from None
        return str(made)

    def _stands(self, place: dict[str, str], sha256: str) -> bool:
        """Whether the file is there. Without leave to list, S3 says 403 of what is not there: the PUT will tell."""
        from botocore.exceptions import ClientError

        try:
            found = self._client.head_object(**place)
        except ClientError as error:
            if error.response.get("ResponseMetadata", {}).get("HTTPStatusCode") in (403, 404):
                return False
            raise
        return bool(found.get("Metadata", {}).get("sha256") == sha256)

    def _told(self, error: Exception) -> NotPublished:
        where, response = f"s3://{self._bucket.name}", getattr(error, "response", None)
        kind = type(error).__name__
        if kind in ("NoCredentialsError", "PartialCredentialsError", "ProfileNotFound"):
            hint = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"
            return NotPublished(f"no credentials for {where} were found; {hint}")
        if not response:
            return NotPublished(f"{where}: {error}")
        told = response.get("Error", {})
        return NotPublished(
            f"{where} answers {told.get('Code', kind)}: {told.get('Message', '')}".rstrip(": ")
        )
