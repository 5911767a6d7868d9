# The serving image: answers from a bundle, holds no training code.
#   docker build -t pipelines-serving .
#   docker run -p 8501:8501 -v "$PWD/runs/classify-1/export:/models/digits:ro" -e MODEL_NAME=digits pipelines-serving
FROM python:3.12-slim

RUN useradd --create-home --uid 10001 serving
WORKDIR /app
COPY requirements-serving.lock .
RUN python -m pip install --no-cache-dir --require-hashes -r requirements-serving.lock
COPY serving serving

USER serving
# As TensorFlow Serving's image: the model's versions are mounted at /models/$MODEL_NAME.
ENV MODEL_NAME=model
EXPOSE 8501
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s --retries=3 \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8501/readyz', timeout=2)"]
CMD ["sh", "-c", "exec python -m serving --model_name=$MODEL_NAME --model_base_path=/models/$MODEL_NAME --rest_api_port=8501"]
